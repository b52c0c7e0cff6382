"""Softmax attention on some of the keys: partial results, the rule that merges them, and their gradients.

A partial is (m, l, O) of some keys for every query: the largest score, the sum of e^(s - m), and that of e^(s - m) v.
Source: lean attention (paper 14) and, for the gradients by the merged sum alone, Dao 2022 (FlashAttention), appendix B.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.kernels import dispatch
from paretoformer.kernels.precision import widened

QUERY_TILE = 128
KEY_TILE = 256
"""Scores that are held at once, where torch's fused attention cannot take the operands."""
HALVES = (torch.float16, torch.bfloat16)
WIDEST_FUSED = 256
"""Channels of a head that torch's fused attention takes on a GPU."""


@dataclass(frozen=True, kw_only=True)
class Partial:
    """Attention on some keys, not yet divided; without a key it is (-inf, 0, 0). In fp32, or float64 of float64."""

    top: Tensor
    """m, (B, H, T)."""
    total: Tensor
    """l, (B, H, T)."""
    weighted: Tensor
    """O, (B, H, T, d)."""

    @classmethod
    def empty(cls, q: Tensor) -> "Partial":
        """That of queries (B, H, T, d) without a key."""
        weighted = widened(torch.zeros_like(q))
        return cls(top=torch.full_like(weighted[..., 0], -torch.inf), total=weighted[..., 0].clone(), weighted=weighted)

    def merged(self, other: "Partial") -> "Partial":
        """That of both sets of keys; associative and commutative."""
        top = torch.maximum(self.top, other.top)
        base = torch.where(top == -torch.inf, 0.0, top)
        mine, theirs = (self.top - base).exp(), (other.top - base).exp()
        return Partial(
            top=top,
            total=self.total * mine + other.total * theirs,
            weighted=(self.weighted * mine[..., None]).addcmul_(other.weighted, theirs[..., None]),
        )

    def finished(self, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """(O / l in `dtype`, zeros without a key; the logarithm of the sum of e^s, (B, H, T), -inf there)."""
        out = self.weighted / torch.where(self.total == 0, 1.0, self.total)[..., None]
        return out.to(dtype), self.top + self.total.log()


def attend(q: Tensor, k: Tensor, v: Tensor, shift: int | None) -> Partial:
    """The partial of these keys; no T x S scores are held, and no gradient is recorded.

    Cost: 2 T S H d MACs, half where `shift` masks half.

    Args:
        q: (B, H, T, d). k, v: (B, Hkv, S, d), Hkv dividing H; query head h reads key head h * Hkv // H.
        shift: query i sees key j where j <= i + shift; None: every key.
    """
    if fusable(q, k, shift):
        out, lse = _fused(q, k, v, shift is not None)
        return Partial(top=lse, total=torch.ones_like(lse), weighted=widened(out))
    return attend_by_tiles(q, k, v, shift)


def attend_by_tiles(q: Tensor, k: Tensor, v: Tensor, shift: int | None) -> Partial:
    """The definition of `attend`, tile by tile in torch's single operations."""
    rows = []
    for at in _tiles(q.shape[2], QUERY_TILE):
        queries = q[:, :, at]
        partial = Partial.empty(queries)
        for keys, scores in _scores(queries, k, _moved(shift, at)):
            top = scores.amax(-1)
            weights = (scores - torch.where(top == -torch.inf, 0.0, top)[..., None]).exp()
            values = _by_group(weights, k) @ widened(v[:, :, keys])
            one = Partial(top=top, total=weights.sum(-1), weighted=values.reshape(queries.shape))
            partial = partial.merged(one)
        rows.append(partial)
    if not rows:
        return Partial.empty(q)
    fields = ("top", "total", "weighted")
    return Partial(**{name: torch.cat([getattr(row, name) for row in rows], 2) for name in fields})


def gradients(
    q: Tensor, k: Tensor, v: Tensor, out: Tensor, lse: Tensor, given: Tensor, shift: int | None
) -> tuple[Tensor, Tensor, Tensor]:
    """The share that these keys have in the gradient of q, and the gradients of k and v from these queries.

    Cost: 5 T S H d MACs, half where `shift` masks half.

    Args:
        q, k, v, shift: as in `attend`. out, lse: of the queries on all their keys, as `Partial.finished` gives them.
        given: (B, H, T, d), the gradient of out.

    Returns:
        In fp32, or in float64 of float64: (B, H, T, d), (B, Hkv, S, d), (B, Hkv, S, d).
    """
    if not fusable(q, k, shift):
        return gradients_by_tiles(q, k, v, out, lse, given, shift)
    dq, dk, dv = _fused_gradients(q, k, v, out, lse, given, shift is not None)
    shape = (*k.shape[:2], -1, *k.shape[2:])
    return widened(dq).reshape(q.shape), widened(dk).reshape(shape).sum(2), widened(dv).reshape(shape).sum(2)


def gradients_by_tiles(
    q: Tensor, k: Tensor, v: Tensor, out: Tensor, lse: Tensor, given: Tensor, shift: int | None
) -> tuple[Tensor, Tensor, Tensor]:
    """The definition of `gradients`, tile by tile: with p = e^(s - lse), ds = p (dout v^T - dout . out)."""
    dq, dk, dv = (widened(torch.zeros_like(x)) for x in (q, k, v))
    scale = q.shape[-1] ** -0.5
    for at in _tiles(q.shape[2], QUERY_TILE):
        queries, arriving = q[:, :, at], widened(given[:, :, at])
        along = (arriving * out[:, :, at]).sum(-1, keepdim=True)
        base = torch.where(lse[:, :, at] == -torch.inf, 0.0, lse[:, :, at])[..., None]
        for keys, scores in _scores(queries, k, _moved(shift, at)):
            weights = (scores - base).exp()
            dv[:, :, keys] += _by_group(weights, k).mT @ _by_group(arriving, k)
            towards = (_by_group(arriving, k) @ widened(v[:, :, keys]).mT).reshape(weights.shape)
            dscores = _by_group(weights * (towards - along), k) * scale
            dq[:, :, at] += (dscores @ widened(k[:, :, keys])).reshape(queries.shape)
            dk[:, :, keys] += dscores.mT @ _by_group(widened(queries), k)
    return dq, dk, dv


def fusable(q: Tensor, k: Tensor, shift: int | None) -> bool:
    """Whether torch's fused attention, which gives its sums too, takes these operands: never an empty one."""
    square = shift is None or (shift == 0 and q.shape[2] == k.shape[2])
    if dispatch.FORCED or not square or 0 in q.shape or 0 in k.shape:
        return False
    if q.is_cuda:
        return q.dtype in HALVES and q.shape[3] % 8 == 0 and q.shape[3] <= WIDEST_FUSED
    return q.device.type == "cpu"


def _fused(q: Tensor, k: Tensor, v: Tensor, causal: bool) -> tuple[Tensor, Tensor]:
    """torch's (softmax(s) v, log of the sum of e^s)."""
    operands = _folded(q, k, v)
    if q.is_cuda:
        out, lse, *_ = torch.ops.aten._scaled_dot_product_flash_attention(*operands, 0.0, causal)
    else:
        out, lse = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(*operands, 0.0, causal)
    return out.reshape(q.shape), lse.reshape(q.shape[:3])


def _fused_gradients(
    q: Tensor, k: Tensor, v: Tensor, out: Tensor, lse: Tensor, given: Tensor, causal: bool
) -> tuple[Tensor, Tensor, Tensor]:
    queries, keys, values = _folded(q, k, v)
    given, out, lse = (x.reshape(*queries.shape[:3], *x.shape[3:]) for x in (given.to(q.dtype), out, lse))
    operands = (given, queries, keys, values, out, lse)
    if not q.is_cuda:
        return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward(*operands, 0.0, causal)
    unused = torch.empty(0, dtype=torch.int64, device=q.device)  # lengths of ragged batches and dropout's seed
    sizes = (q.shape[2], k.shape[2])
    dq, dk, dv = torch.ops.aten._scaled_dot_product_flash_attention_backward(
        *operands, None, None, *sizes, 0.0, causal, unused, unused
    )
    return dq, dk, dv


def _folded(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(B * Hkv, group, ., d) of each, keys and values without a copy for each query head of a group."""
    heads, group = k.shape[0] * k.shape[1], q.shape[1] // k.shape[1]
    keys, values = (x.reshape(heads, 1, *x.shape[2:]).expand(-1, group, -1, -1) for x in (k, v))
    return q.reshape(heads, group, *q.shape[2:]), keys, values


def _scores(q: Tensor, k: Tensor, shift: int | None) -> Iterator[tuple[slice, Tensor]]:
    """(keys, scores (B, H, T, keys), -inf where not seen), tile by tile of the keys that some query sees."""
    queries, count = q.shape[2], k.shape[2]
    rows = _by_group(widened(q) * q.shape[-1] ** -0.5, k)
    seen_by_last = count if shift is None else min(count, max(0, queries + shift))
    for keys in _tiles(seen_by_last, KEY_TILE):
        scores = (rows @ widened(k[:, :, keys]).mT).reshape(*q.shape[:3], keys.stop - keys.start)
        if shift is not None and keys.stop > shift + 1:
            seen = torch.ones(scores.shape[2:], dtype=torch.bool, device=q.device).tril(shift - keys.start)
            scores = scores.masked_fill(~seen, -torch.inf)
        yield keys, scores


def _by_group(x: Tensor, k: Tensor) -> Tensor:
    """(B, H, T, .) as rows (B, Hkv, H / Hkv * T, .) that read the same keys."""
    return x.reshape(*k.shape[:2], x.shape[1] // k.shape[1] * x.shape[2], x.shape[3])


def _moved(shift: int | None, queries: slice) -> int | None:
    return None if shift is None else shift + int(queries.start)


def _tiles(length: int, size: int) -> Iterator[slice]:
    for start in range(0, length, size):
        yield slice(start, min(length, start + size))
