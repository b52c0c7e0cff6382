"""Softmax attention of blocks: each block of queries reads keys of its own, so that no N x N scores are made."""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from paretoformer.kernels.dispatch import defined, one_kind, shapes


def block_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """softmax(q k^T / sqrt(d) + mask) v within each of n blocks; sliding windows and other sparse patterns are cut into such.

    Cost: 2 n T S H d MACs and a mask of n T S numbers (times H where heads have their own), all blocks in one call of torch's
    attention.

    Args:
        q: (B, H, n, T, d). k, v: (B, Hkv, n, S, d), Hkv dividing H; query head h reads key head h * Hkv // H.
        mask: (B or 1, n, H or 1, T or 1, S), bool, True where a key is seen, or added to the scores. Each query sees a key.

    Returns:
        (B, H, n, T, d).

    Raises:
        ValueError: the shapes, dtypes or devices do not fit together.
    """
    if not torch.compiler.is_compiling():
        _check(q, k, v, mask)
    if defined("block_attention"):
        return block_attention_reference(q, k, v, mask)
    batch, grouped = q.shape[0], q.shape[1] != k.shape[1]
    mask = mask.expand(batch, *mask.shape[1:]).flatten(0, 1)
    q, k, v = (x.transpose(1, 2).flatten(0, 1) for x in (q, k, v))
    y = scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=grouped)
    return y.unflatten(0, (batch, -1)).transpose(1, 2)


def block_attention_reference(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """The definition, term by term; arguments as in `block_attention`."""
    repeats = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
    scores, mask = q @ k.mT / q.shape[-1] ** 0.5, mask.transpose(1, 2)
    scores = scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask
    return scores.softmax(-1) @ v


def _check(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> None:
    fits = q.ndim == k.ndim == mask.ndim == 5 and k.shape == v.shape and len(q) and k.shape[1]
    if not fits or q.shape[::2] != (*k.shape[::2],) or q.shape[1] % k.shape[1]:
        given = shapes(q=q, k=k, v=v, mask=mask)
        raise ValueError(
            f"block attention takes q (B, H, n, T, d), k, v (B, Hkv, n, S, d), B at least 1, and a mask of five axes, got {given}."
        )
    if not one_kind(q, k, v) or mask.device != q.device:
        given = shapes(q=q, k=k, v=v, mask=mask)
        raise ValueError(f"block attention takes numbers of one floating-point dtype on one device, got {given}.")
    batch, heads, blocks, queries, _ = q.shape
    sizes = ((1, batch), (blocks,), (1, heads), (1, queries), (k.shape[3],))
    if not all(size in allowed for size, allowed in zip(mask.shape, sizes, strict=True)):
        raise ValueError(f"a mask of blocks is (B or 1, n, H or 1, T or 1, S), got {shapes(q=q, k=k, mask=mask)}.")
