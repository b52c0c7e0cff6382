"""Softmax attention: the definition, and torch's fused form of it."""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from paretoformer.kernels.dispatch import Path, choose, one_kind, shapes
from paretoformer.kernels.sharding import by_shards

READ_ONCE = 16_384
"""Grouped keys' numbers from which one new query's heads are rows: torch reads keys once for each head on a CPU."""


def softmax_attention(
    q: Tensor, k: Tensor, v: Tensor, *, causal: bool, bias: Tensor | None = None, valid: Tensor | None = None
) -> Tensor:
    """softmax(q k^T / sqrt(d) + bias) v; with `causal` the last query stands at the last key.

    Within `sharded_softmax` the operands are one rank's, and so is what is returned.

    Args:
        q: (B, H, T, d). k, v: (B, Hkv, S, d), Hkv dividing H; query head h reads key head h * Hkv // H.
        bias: (H, T, S) or (B, H, T, S), added to the scores. valid: (B, S) bool, False where a key is padding, which is
            finite.

    Returns:
        (B, H, T, d), 0 for a query that a bias of -inf lets see nothing.

    Raises:
        ValueError: the shapes, dtypes or devices do not fit together.
    """
    if not torch.compiler.is_compiling():
        _check(q, k, v, causal, bias, valid)
        sharded = by_shards(q, k, v, causal, bias, valid)
        if sharded is not None:
            return sharded
    if choose("softmax_attention", _rule, q) is Path.REFERENCE:
        return softmax_attention_reference(q, k, v, causal=causal, bias=bias, valid=valid)
    queries, keys = q.shape[2], k.shape[2]
    grouped = q.shape[1] != k.shape[1]
    if grouped and queries == 1 and bias is None and valid is None and not q.is_cuda and k.numel() >= READ_ONCE:
        # A group's query heads are rows that read the same keys, once.
        rows = q.reshape(q.shape[0], k.shape[1], -1, q.shape[3])
        return scaled_dot_product_attention(rows, k, v).reshape(q.shape)
    if bias is None and valid is None and (not causal or queries in (1, keys)):
        return scaled_dot_product_attention(q, k, v, is_causal=bool(causal and queries > 1), enable_gqa=grouped)
    return scaled_dot_product_attention(q, k, v, attn_mask=_mask(q, keys, causal, bias, valid), enable_gqa=grouped)


def softmax_attention_reference(
    q: Tensor, k: Tensor, v: Tensor, *, causal: bool, bias: Tensor | None = None, valid: Tensor | None = None
) -> Tensor:
    """The definition, term by term; arguments as in `softmax_attention`."""
    repeats = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
    scores = q @ k.mT / q.shape[-1] ** 0.5
    mask = _mask(q, k.shape[2], causal, bias, valid)
    scores = scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask
    nothing = scores.isneginf().all(-1, keepdim=True)
    return scores.softmax(-1).masked_fill(nothing, 0.0) @ v


def _rule(q: Tensor) -> Path | str:
    """torch's: its attention splits the keys of one new query over a GPU as well as `decode_attention` does."""
    return Path.TORCH


def check_bias(q: Tensor, keys: int, bias: Tensor | None) -> None:
    """Make sure that a bias fits to the scores of q (B, H, T, d) with so many keys.

    Raises:
        ValueError: it does not, or lies on another device.
    """
    if bias is None:
        return
    batch, heads, queries = q.shape[:3]
    fits = bias.shape[-3:] == (heads, queries, keys) and bias.shape[:-3] in ((), (1,), (batch,))
    if not fits or bias.device != q.device or not bias.is_floating_point():
        raise ValueError(
            f"a bias is (H, T, {keys}) or (B, H, T, {keys}), of numbers on q's device, got {shapes(q=q, bias=bias)}."
        )


def _check(q: Tensor, k: Tensor, v: Tensor, causal: bool, bias: Tensor | None, valid: Tensor | None) -> None:
    fits = q.ndim == 4 and k.ndim == 4 and k.shape == v.shape and q.shape[::3] == k.shape[::3] and k.shape[1]
    if not fits or q.shape[1] % k.shape[1] or not len(q):
        raise ValueError(
            f"softmax attention takes q (B, H, T, d), k, v (B, Hkv, S, d), B at least 1, got {shapes(q=q, k=k, v=v)}."
        )
    if not one_kind(q, k, v):
        raise ValueError(
            f"softmax attention takes numbers of one floating-point dtype on one device, got {shapes(q=q, k=k, v=v)}."
        )
    if causal and q.shape[2] > k.shape[2]:
        raise ValueError(f"in causal order the last query stands at the last key, got {shapes(q=q, k=k)}.")
    check_bias(q, k.shape[2], bias)
    if valid is not None and (valid.shape != k.shape[::2] or valid.dtype != torch.bool or valid.device != k.device):
        raise ValueError(f"valid keys are (B, S) bool on the device of k, got {shapes(k=k, valid=valid)}.")


def _mask(q: Tensor, keys: int, causal: bool, bias: Tensor | None, valid: Tensor | None) -> Tensor:
    """What is added to the scores, or which are seen: (T, S) or four axes, as torch's fused attention takes it, but not three."""
    queries = q.shape[2]
    if bias is not None:
        bias = (bias if bias.ndim == 4 else bias[None]).to(q.dtype)
        if not causal and valid is None:
            return bias
    seen = torch.ones(queries, keys, dtype=torch.bool, device=q.device)
    if causal:
        seen = seen.tril(keys - queries)
    if valid is not None:
        # The first key is always seen, so that no row is empty: an empty row would be 0 / 0.
        first = torch.arange(keys, device=q.device) == 0
        seen = seen & (valid | first)[:, None, None, :]
    if bias is None:
        return seen
    return bias.masked_fill(~seen, -torch.inf)
