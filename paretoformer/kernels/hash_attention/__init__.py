"""Attention whose weights count the bits in which two codes agree: the definition, and a form linear in length."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from paretoformer.kernels.dispatch import Path, choose, shapes
from paretoformer.kernels.linear_attention import linear_attention
from paretoformer.kernels.precision import widened

LEAST = 1e-6
"""What a row's sum of weights is raised to before it divides, so that a row that reads nothing gives zeros."""


def hash_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    beta: float,
    causal: bool,
    valid: Tensor | None = None,
    state: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """The mean of v_j with weights q_i . k_j + beta, over all j, or over j <= i with `causal`.

    Arguments, cost and errors as in `hash_sums`; where beta is above the number of bits, every weight is positive.

    Returns:
        (B, H, N, e) in the dtype of v, zeros in a row that reads nothing; and the new state if one was given.

    Source: paper 13 (EcoFormer), section (b), 7.
    """
    total, divisor, state = hash_sums(q, k, v, beta=beta, causal=causal, valid=valid, state=state)
    return (total / divisor.clamp_min(LEAST)).to(v.dtype), state


def hash_sums(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    beta: float,
    causal: bool,
    valid: Tensor | None = None,
    state: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """sum_j (q_i . k_j + beta) v_j, and sum_j (q_i . k_j + beta), which is exact up to 2^24 as a sum of signs is.

    Cost per head: that of `linear_attention` with b + 1 features (b without beta), which carry beta as a constant one,
    and 2 N (b + 1) signed additions for the second sum. Where v is fp16, which ends at 65,504, sums are given in fp32.

    Args:
        q, k: codes (B, H, N, b) of -1 and 1, in int8 or any floating dtype. v: (B, H, N, e).
        beta: at least 0. valid: (B, N), which keys are no padding.
        state: (B, H, b + 1, e + 1), without beta (B, H, b, e + 1), the sum of [k, 1] [v, 1]^T over the tokens before
            (causal only), in fp32 at least.

    Returns:
        (B, H, N, e), (B, H, N, 1) in fp32 at least, and the new state if one was given.

    Raises:
        ValueError: the shapes or devices do not fit together.
    """
    if not torch.compiler.is_compiling():
        _check(q, k, v, valid)
    if choose("hash_attention", _on_gpu, v) is Path.REFERENCE and state is None:
        return *hash_sums_reference(q, k, v, beta=beta, causal=causal, valid=valid), None
    q, k = q.to(v.dtype), k.to(v.dtype)
    if beta:
        q, k = pad(q, (0, 1), value=beta), pad(k, (0, 1), value=1.0)
    if valid is not None:
        k = k * valid[:, None, :, None]
    values, signs = (None, None) if state is None else (state[..., :-1], state[..., -1:])
    total, values = linear_attention(q, k, v, causal=causal, state=values)
    divisor, signs = _divisors(widened(q), widened(k), causal, signs)
    return total, divisor, None if values is None or signs is None else torch.cat((values, signs), -1)


def hash_sums_reference(
    q: Tensor, k: Tensor, v: Tensor, *, beta: float, causal: bool, valid: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The definition with its N x N weights; arguments as in `hash_sums`."""
    wide = widened(v)
    weights = q.to(wide.dtype) @ k.to(wide.dtype).mT + beta
    if valid is not None:
        weights = weights * valid[:, None, None]
    weights = weights.tril() if causal else weights
    total = weights @ wide
    return total if v.dtype == torch.float16 else total.to(v.dtype), weights.sum(-1, keepdim=True)


def _divisors(q: Tensor, k: Tensor, causal: bool, before: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """q_i . sum_j k_j by sums of signs alone, (B, H, N, 1), and the sum after `before` (B, H, F, 1) if that was given."""
    if not causal:
        return (q * k.sum(2, keepdim=True)).sum(-1, keepdim=True), None
    sums = k.cumsum(2)
    if before is not None:
        sums = sums + before.mT
    return (q * sums).sum(-1, keepdim=True), None if before is None else sums[:, :, -1:].mT


def _on_gpu(v: Tensor) -> Path:
    """The kernels of `linear_attention` are chosen there; what is around them is torch's."""
    return Path.TORCH


def _check(q: Tensor, k: Tensor, v: Tensor, valid: Tensor | None) -> None:
    if q.ndim != 4 or k.shape != q.shape or v.ndim != 4 or v.shape[:3] != q.shape[:3] or not len(q):
        raise ValueError(
            f"hash attention takes q, k (B, H, N, b) and v (B, H, N, e), B at least 1, got {shapes(q=q, k=k, v=v)}."
        )
    if not v.is_floating_point() or not q.device == k.device == v.device:
        raise ValueError(f"hash attention takes floating-point v and one device, got {shapes(q=q, k=k, v=v)}.")
    if valid is not None and (valid.shape != (v.shape[0], v.shape[2]) or valid.device != v.device):
        raise ValueError(f"what is valid beside v is (B, N), got {shapes(v=v, valid=valid)}.")
