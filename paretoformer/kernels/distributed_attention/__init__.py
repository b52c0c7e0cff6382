"""Softmax attention of one sequence over the processes of a torch.distributed group."""

from typing import TypeVar

import torch
from torch import Tensor
from torch import distributed as dist
from torch._compile import _disable_dynamo

from paretoformer.kernels.dispatch import Path, choose, shapes, wants_gradient
from paretoformer.kernels.distributed_attention.blocks import Rows
from paretoformer.kernels.distributed_attention.exchange import Exchange, GroupExchange, LostRank
from paretoformer.kernels.distributed_attention.gather import Gather
from paretoformer.kernels.distributed_attention.heads import by_heads
from paretoformer.kernels.distributed_attention.limits import longest
from paretoformer.kernels.distributed_attention.ring import Ring
from paretoformer.kernels.distributed_attention.shards import Order, Shards
from paretoformer.kernels.distributed_attention.volume import Algorithm, Sizes, Volume, volume
from paretoformer.records.errors import unknown

__all__ = [
    "Algorithm",
    "GroupExchange",
    "LostRank",
    "Order",
    "Shards",
    "Sizes",
    "Volume",
    "attend_shards",
    "distributed_attention",
    "longest",
    "volume",
]
Name = TypeVar("Name", Algorithm, Order)
DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)


@_disable_dynamo  # torch.compiler.disable would import torch's compiler now
def distributed_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    causal: bool,
    algorithm: Algorithm | str = Algorithm.RING,
    order: Order | str = Order.CONTIGUOUS,
    group: "dist.ProcessGroup | None" = None,
    timeout_s: float | None = None,
) -> Tensor:
    """softmax(q k^T / sqrt(d)) v of a sequence of which every rank gives its own n = L / P tokens, and gets their rows.

    All ranks of the group call it at the same time, and again when they go back; gradients are those of the whole
    attention, once. L x L scores are held nowhere. Cost: 2 L^2 H d / P MACs a rank where the order is `zigzag` or nothing
    is masked; a causal contiguous order gives the last rank nearly twice that. Bytes sent: `volume`; memory: `limits`.
    torch.compile breaks its graph here.
    Source: paper 15 promises distributed attention of a million tokens; that it is a ring is our reading (Liu et al. 2023,
    Ring Attention), heads shared out are Jacobs et al. 2023 (DeepSpeed Ulysses).

    Args:
        q: (B, H, n, d). k, v: (B, Hkv, n, d), Hkv dividing H; query head h reads key head h * Hkv // H.
        algorithm: ring, gather (all keys and values on every rank) or heads (P divides Hkv).
        order: which tokens a rank holds (`Shards.take` gives them); without `causal` it means nothing.
        group: the processes, all of them if None. timeout_s: seconds after which another rank counts as lost, by
            default the group's own.

    Returns:
        (B, H, n, d), the rows of the rank's own tokens.

    Raises:
        UserError: there is no process group, or no such algorithm or order.
        ValueError: the shapes do not fit together, P does not divide heads, or the ranks' shards differ; on every rank.
        LostRank: another rank is gone, or came too late.
    """
    exchange = GroupExchange(group, timeout_s)
    return attend_shards(q, k, v, exchange, causal=causal, algorithm=algorithm, order=order)


def attend_shards(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    exchange: Exchange,
    *,
    causal: bool,
    algorithm: Algorithm | str = Algorithm.RING,
    order: Order | str = Order.CONTIGUOUS,
) -> Tensor:
    """`distributed_attention` over an exchange, whose `sent` counts what this call sends."""
    algorithm, order = _named(Algorithm, "algorithm", algorithm), _named(Order, "order", order)
    shards = Shards(ranks=exchange.ranks, order=order)
    _agree(q, k, v, exchange, (causal, algorithm, order))
    _check(q, k, v, shards, algorithm)
    choose("distributed_attention", _rule, q)
    if algorithm is Algorithm.HEADS:
        return by_heads(q, k, v, exchange, shards, causal)
    rows = Rows(shards=shards, rank=exchange.rank, causal=causal)
    function = Ring if algorithm is Algorithm.RING else Gather
    out: Tensor = function.apply(q, k, v, exchange, rows)  # type: ignore[no-untyped-call]
    return out


def _rule(q: Tensor) -> Path | str:
    """torch's fused attention gives the sums that merging needs."""
    return Path.TORCH


def _named(kind: type[Name], word: str, value: str) -> Name:
    try:
        return kind(value)
    except ValueError:
        raise unknown(word, value, kind) from None


def _check(q: Tensor, k: Tensor, v: Tensor, shards: Shards, algorithm: Algorithm) -> None:
    if q.ndim != 4 or k.ndim != 4 or k.shape != v.shape or q.shape[::2] != k.shape[::2] or q.shape[3] != k.shape[3]:
        raise ValueError(
            f"distributed attention takes q (B, H, n, d), k and v (B, Hkv, n, d), got {shapes(q=q, k=k, v=v)}."
        )
    if not k.shape[1] or q.shape[1] % k.shape[1] or not q.shape[3]:
        raise ValueError(f"key heads divide query heads, which have a width, got {shapes(q=q, k=k, v=v)}.")
    if not (q.dtype == k.dtype == v.dtype and q.device == k.device == v.device and q.dtype in DTYPES):
        raise ValueError(f"distributed attention takes one float dtype and one device, got {shapes(q=q, k=k, v=v)}.")
    if q.shape[2] % shards.each:
        raise ValueError(f"order zigzag takes two equal chunks a rank, got {q.shape[2]} tokens in {shapes(q=q)}.")
    if algorithm is Algorithm.HEADS and k.shape[1] % shards.ranks:
        raise ValueError(
            f"algorithm heads gives each of {shards.ranks} ranks as many key heads, which do not divide "
            f"{k.shape[1]} in {shapes(q=q, k=k)}; ring and gather take any number."
        )


def _agree(q: Tensor, k: Tensor, v: Tensor, exchange: Exchange, asked: tuple[bool, Algorithm, Order]) -> None:
    """Compare shards before anything is sent by shape, so that all ranks refuse together and nobody waits."""
    causal, algorithm, order = asked
    names = [*Algorithm, *Order]
    sizes = [*(q.shape + (0,) * 4)[:4], *(k.shape + (0,) * 4)[:4]]
    kinds = [DTYPES.index(q.dtype) if q.dtype in DTYPES else -1, wants_gradient(q, k, v), causal]
    own = [*sizes, *kinds, names.index(algorithm), names.index(order)]
    every = exchange.gather(torch.tensor(own, dtype=torch.int64, device=q.device)).tolist()
    for rank, other in enumerate(every):
        if other != every[0]:
            raise ValueError(
                f"all ranks give equal shards to one call, and rank 0 gives {_told(every[0])}, rank {rank} {_told(other)}."
            )


def _told(given: list[int]) -> str:
    names = [*Algorithm, *Order]
    dtype, gradient, causal, algorithm, order = given[8:]
    kind = "another dtype" if dtype < 0 else str(DTYPES[dtype]).removeprefix("torch.")
    form = f"{'causal ' if causal else ''}{names[algorithm]} {names[order]}{' with gradients' if gradient else ''}"
    return f"q {tuple(given[:4])}, k {tuple(given[4:8])} {kind} ({form})"
