"""Attention of sequences of their own lengths without padding: the definition, torch's forms, and Triton kernels."""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from paretoformer.kernels.dispatch import Path, choose, shapes
from paretoformer.kernels.packed_attention.groups import attend_by_groups
from paretoformer.kernels.packed_attention.packing import Packing
from paretoformer.kernels.softmax_attention import softmax_attention_reference

__all__ = ["WIDEST_HEAD", "Packing", "packed_attention", "packed_attention_reference", "packed_rule"]

WIDEST_HEAD = 256


def packed_attention(q: Tensor, k: Tensor, v: Tensor, packing: Packing, causal: bool = False) -> Tensor:
    """softmax(q k^T / sqrt(d)) v within each sequence of a packing; with `causal` no token reads a later one.

    Cost: 2 n^2 H d MACs for a sequence of n tokens, in place of 2 S^2 H d. On a CPU sequences of about one length share a
    call of torch's attention, padded to the longest of them; on a GPU a program takes a tile of one sequence's queries.

    Args:
        q: (M, H, d). k, v: (M, Hkv, d), Hkv dividing H; query head h reads key head h * Hkv // H. Any strides.
        packing: of M tokens, on their device.

    Returns:
        (M, H, d).

    Raises:
        ValueError: the shapes, dtypes or devices do not fit together.
    """
    if not torch.compiler.is_compiling():
        _check(q, k, v, packing)
    path = choose("packed_attention", packed_rule, q, k, v)
    if not len(q):
        return q.clone()
    if path is Path.REFERENCE:
        return packed_attention_reference(q, k, v, packing, causal)
    if path is Path.TRITON:
        from paretoformer.kernels.packed_attention.varlen import attend_by_tiles

        return attend_by_tiles(q, k, v, packing, causal)
    if q.device.type == "cpu" and not torch.compiler.is_compiling():
        return attend_by_groups(q, k, v, packing, causal)
    return _padded(q, k, v, packing, causal)


def packed_attention_reference(q: Tensor, k: Tensor, v: Tensor, packing: Packing, causal: bool = False) -> Tensor:
    """The definition: padded, with a mask, packed again; arguments as in `packed_attention`."""
    q, k, v = (packing.unpack(x).transpose(1, 2) for x in (q, k, v))
    return packing.pack(softmax_attention_reference(q, k, v, causal=causal, valid=packing.valid).transpose(1, 2))


def packed_rule(q: Tensor, k: Tensor, v: Tensor) -> Path | str:
    """The best path on a GPU, or why the kernels cannot take these operands."""
    if q.dtype not in (torch.float32, torch.float16, torch.bfloat16) and not torch.is_autocast_enabled("cuda"):
        return f"no kernel for {q.dtype}"
    if q.shape[2] > WIDEST_HEAD:
        return f"heads of {q.shape[2]} numbers are wider than {WIDEST_HEAD}"
    return Path.TRITON


def _padded(q: Tensor, k: Tensor, v: Tensor, packing: Packing, causal: bool) -> Tensor:
    """torch's fused attention with a mask."""
    grouped, places = q.shape[1] != k.shape[1], torch.arange(packing.padded, device=q.device)
    # The first key is always seen, so that no row is empty: an empty row would be 0 / 0.
    seen = (packing.valid | (places == 0))[:, None, None]
    if causal:
        seen = seen & (places <= places[:, None])
    q, k, v = (packing.unpack(x).transpose(1, 2) for x in (q, k, v))
    return packing.pack(scaled_dot_product_attention(q, k, v, attn_mask=seen, enable_gqa=grouped).transpose(1, 2))


def _check(q: Tensor, k: Tensor, v: Tensor, packing: Packing) -> None:
    given = shapes(q=q, k=k, v=v)
    if (
        q.ndim != 3
        or k.ndim != 3
        or k.shape != v.shape
        or q.shape[::2] != k.shape[::2]
        or 0 in k.shape[1:]
        or q.shape[1] % k.shape[1]
    ):
        raise ValueError(f"packed attention takes q (M, H, d), k and v (M, Hkv, d), got {given}.")
    if not q.device == k.device == v.device == packing.places.device:
        raise ValueError(f"packed attention takes one device, got {given}, a packing on {packing.places.device}.")
    alike = q.dtype == k.dtype == v.dtype or (q.is_cuda and torch.is_autocast_enabled("cuda"))
    if not alike or not q.is_floating_point():
        raise ValueError(f"packed attention takes numbers of one floating-point dtype, got {given}.")
    if len(q) != packing.tokens:
        raise ValueError(f"packed attention takes the {packing.tokens} rows of its packing, got {given}.")
