"""Attention of one new query on the keys of its request: the definition, torch's form, and the lean kernel."""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from paretoformer.kernels.decode_attention.shape import WIDEST_HEAD
from paretoformer.kernels.dispatch import Path, choose, shapes, wants_gradient

LEAST_BYTES = 64 << 20
"""Keys and values, padding included, below which torch's attention with a mask is faster on a GPU: fewer launches."""
WIDEST_GROUP = 32
MOST_REQUESTS = 4_096
CALL_MACS = 100_000
"""Multiply-accumulates of attention on a CPU in the time that one more call of it takes."""


def decode_attention(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None = None) -> Tensor:
    """softmax(q k^T / sqrt(d)) v over the first `lengths[b]` keys of request b.

    Cost per request: 2 N H d MACs; N Hkv d keys and as many values are read once, padding is not.

    Args:
        q: (B, H, d). k, v: (B, Hkv, S, d), Hkv dividing H; query head h reads key head h * Hkv // H. Padding is finite.
        lengths: (B,) int32 or int64 in 0 .. S on q's device, S for all if none. A request without keys gives zeros.

    Returns:
        (B, H, d).

    Raises:
        ValueError: the batch is empty, the shapes, dtypes or devices do not fit together, or a length is not in
            0 .. S. Lengths on a GPU are not looked at on the host: there such a request gives NaN, or by torch's mask
            all keys.
    """
    if not torch.compiler.is_compiling():
        _check(q, k, v, lengths)
    path = choose("decode_attention", decode_rule, q, k, v, lengths)
    if path is Path.REFERENCE:
        return decode_attention_reference(q, k, v, lengths)
    if path is Path.TRITON:
        from paretoformer.kernels.decode_attention.lean import lean_decode

        return lean_decode(q, k, v, lengths)
    return _by_torch(q, k, v, lengths)


def decode_attention_reference(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None = None) -> Tensor:
    """The definition, term by term; arguments as in `decode_attention`."""
    repeats = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
    scores = (k @ q[..., None])[..., 0] / q.shape[-1] ** 0.5
    if lengths is None:
        return (scores.softmax(-1)[:, :, None] @ v)[:, :, 0]
    seen = torch.arange(k.shape[2], device=q.device) < lengths[:, None]
    weights = scores.masked_fill(~seen[:, None], -torch.inf).softmax(-1).nan_to_num(0.0)
    return (weights[:, :, None] @ v.masked_fill(~seen[:, None, :, None], 0.0))[:, :, 0]


def decode_rule(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None) -> Path | str:
    """The best path on a GPU, or why the lean kernel cannot take these operands."""
    if lengths is None or wants_gradient(q, k, v):
        return Path.TORCH  # torch's own attention splits keys too, and all requests of one length are one task a head
    if q.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        return f"no kernel for {q.dtype}"
    if q.shape[2] > WIDEST_HEAD:
        return f"heads of {q.shape[2]} numbers are wider than {WIDEST_HEAD}"
    if q.shape[1] > WIDEST_GROUP * k.shape[1]:
        return f"{q.shape[1] // k.shape[1]} query heads that share keys are more than {WIDEST_GROUP}"
    if k.shape[0] > MOST_REQUESTS:
        return f"requests are more than {MOST_REQUESTS}"
    return Path.TRITON if 2 * k.numel() * k.element_size() >= LEAST_BYTES else Path.TORCH


def _by_torch(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None) -> Tensor:
    """torch's fused attention: request by request on a CPU where that spares more than the calls take, with a mask elsewhere."""
    if q.device.type != "cpu" or torch.compiler.is_compiling() or torch.compiler.is_exporting():
        return _masked(q, k, v, lengths)
    heads = k.shape[1]
    rows = q[:, :, None] if q.shape[1] == heads else q.unflatten(1, (heads, -1))  # a group reads its keys once
    if lengths is None:
        return scaled_dot_product_attention(rows, k, v).flatten(1, 2)
    padding = k.shape[0] * k.shape[2] - int(lengths.sum())
    if 2 * padding * q.shape[1] * q.shape[2] < CALL_MACS * len(q):
        return _masked(q, k, v, lengths)
    parts = [
        scaled_dot_product_attention(rows[i : i + 1], k[i : i + 1, :, :length], v[i : i + 1, :, :length])
        if length
        else torch.zeros_like(rows[i : i + 1])
        for i, length in enumerate(lengths.tolist())
    ]
    return torch.cat(parts).flatten(1, 2)


def _masked(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None) -> Tensor:
    grouped = q.shape[1] != k.shape[1]
    if lengths is None:
        return scaled_dot_product_attention(q[:, :, None], k, v, enable_gqa=grouped)[:, :, 0]
    empty = (lengths == 0)[:, None]
    seen = (torch.arange(k.shape[2], device=q.device) < lengths[:, None]) | empty
    y = scaled_dot_product_attention(q[:, :, None], k, v, attn_mask=seen[:, None, None], enable_gqa=grouped)
    return y[:, :, 0].masked_fill(empty[:, None], 0.0)


def _check(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None) -> None:
    if (
        q.ndim != 3
        or k.ndim != 4
        or k.shape != v.shape
        or (q.shape[0], q.shape[2]) != (k.shape[0], k.shape[3])
        or 0 in k.shape[:2]
        or q.shape[1] % k.shape[1]
    ):
        raise ValueError(f"decode attention takes q (B, H, d), k and v (B, Hkv, S, d), got {shapes(q=q, k=k, v=v)}.")
    if not (q.is_floating_point() and q.dtype == k.dtype == v.dtype and q.device == k.device == v.device):
        raise ValueError(
            f"decode attention takes numbers of one floating-point dtype on one device, got {shapes(q=q, k=k, v=v)}."
        )
    if lengths is None:
        return
    if lengths.shape != q.shape[:1] or lengths.device != q.device or lengths.dtype not in (torch.int32, torch.int64):
        raise ValueError(f"lengths are (B,) of int32 or int64 on q's device, got {shapes(q=q, lengths=lengths)}.")
    if lengths.device.type == "cpu" and lengths.numel() and not 0 <= lengths.min() <= lengths.max() <= k.shape[2]:
        raise ValueError(f"lengths are 0 to {k.shape[2]}, the keys that there are, got {lengths.tolist()}.")
