"""Heads instead of tokens: an all-to-all gives each rank the whole sequence of H / P heads, another gives it back."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from paretoformer.kernels.distributed_attention.blocks import Rows
from paretoformer.kernels.distributed_attention.exchange import Alone, Exchange
from paretoformer.kernels.distributed_attention.ring import Ring
from paretoformer.kernels.distributed_attention.shards import Shards


class Swap(torch.autograd.Function):
    """x: (P, ...), part i for rank i -> (P, ...), part i from rank i; the way back is the same."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, exchange: Exchange) -> Tensor:
        """What the others had for this rank."""
        ctx.exchange = exchange
        return exchange.swap(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, given: Tensor) -> tuple[Tensor, None]:
        """The gradient of what it had for them."""
        return ctx.exchange.swap(given), None


def by_heads(q: Tensor, k: Tensor, v: Tensor, exchange: Exchange, shards: Shards, causal: bool) -> Tensor:
    """q: (B, H, n, d), k and v: (B, Hkv, n, d) of one rank, P dividing H and Hkv -> (B, H, n, d)."""

    def gathered(x: Tensor) -> Tensor:
        parts = Swap.apply(x.unflatten(1, (exchange.ranks, -1)).movedim(1, 0), exchange)  # type: ignore[no-untyped-call]
        return shards.joined(parts.unbind(), 2)

    whole = Rows(shards=Shards(ranks=1), rank=0, causal=causal)
    out = Ring.apply(gathered(q), gathered(k), gathered(v), Alone(), whole)  # type: ignore[no-untyped-call]
    parts = torch.stack([shards.take(out, rank, 2) for rank in range(exchange.ranks)])
    own: Tensor = Swap.apply(parts, exchange)  # type: ignore[no-untyped-call]
    return own.movedim(0, 1).flatten(1, 2)
