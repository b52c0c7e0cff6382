"""Attention whose weights are a product of features: the definition, and forms linear in length."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from paretoformer.kernels.dispatch import Path, choose, one_kind, shapes
from paretoformer.kernels.precision import widened, without_autocast

CHUNK = 64
"""Tokens that the causal form treats with a quadratic product at once."""
WIDEST_FEATURES = 128
"""Of queries or values that the kernels hold."""
LEAST_TOKENS = 1 << 18
"""Of all heads together, below which torch's one product of a single chunk is faster on a GPU than the kernels."""


def linear_attention(
    q: Tensor, k: Tensor, v: Tensor, *, causal: bool, state: Tensor | None = None
) -> tuple[Tensor, Tensor | None]:
    """sum_j (q_i . k_j) v_j over all j, or over j <= i with `causal`; nothing is normalised.

    Cost per head, M = d * e: bidirectional 2 N M; causal 2 N M + N C (d + e) in chunks of C tokens,
    N^2 (d + e) where one chunk holds everything.

    Args:
        q, k: features (B, H, N, d); k is zero where a key is padding. v: (B, H, N, e).
        state: (B, H, d, e), the sum of k v^T over the tokens before (causal only), fp32 where q is narrower: a sum in
            bf16 stops growing after some 256 tokens.

    Returns:
        (B, H, N, e), in fp32 where an operand is fp16, whose numbers end at 65,504 and sums do not; and the new state if one
        was given.

    Raises:
        ValueError: the shapes, dtypes or devices do not fit together, or a state is given that is not carried on.
    """
    if torch.float16 in (q.dtype, k.dtype, v.dtype):
        with without_autocast(q):
            return linear_attention(widened(q), widened(k), widened(v), causal=causal, state=state)
    if not torch.compiler.is_compiling():
        _check(q, k, v, causal, state, v.shape[3])
    path = choose("linear_attention", scan_rule, q, k, v, causal, state)
    if path is Path.REFERENCE:
        return linear_attention_reference(q, k, v, causal=causal, state=state)
    if path is Path.TRITON:
        from paretoformer.kernels.linear_attention.scan import scan

        out, after = scan(q, k, v, state)
        return out, None if state is None else after
    return _by_torch(q, k, v, causal, state)


def linear_attention_with_divisor(
    q: Tensor, k: Tensor, v: Tensor, *, causal: bool, state: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor | None]:
    """`linear_attention` of v, and of ones beside it: sum_j q_i . k_j, by which a mean of v is divided.

    Args:
        q, k, v: as in `linear_attention`. state: (B, H, d, e + 1), the sum of k [v, 1]^T over the tokens before.

    Returns:
        (B, H, N, e), (B, H, N, 1), both in fp32 where an operand is fp16, and the new state if one was given.

    Raises:
        ValueError: the shapes, dtypes or devices do not fit together, or a state is given that is not carried on.
    """
    if torch.float16 in (q.dtype, k.dtype, v.dtype):
        with without_autocast(q):
            return linear_attention_with_divisor(widened(q), widened(k), widened(v), causal=causal, state=state)
    if not torch.compiler.is_compiling():
        _check(q, k, v, causal, state, v.shape[3] + 1)
    path = choose("linear_attention", scan_rule, q, k, v, causal, state)
    if path is Path.TRITON:
        from paretoformer.kernels.linear_attention.scan import scan_with_divisor

        return scan_with_divisor(q, k, v, state)
    v = pad(v, (0, 1), value=1.0)
    if path is Path.REFERENCE:
        both, state = linear_attention_reference(q, k, v, causal=causal, state=state)
    else:
        both, state = _by_torch(q, k, v, causal, state)
    return both[..., :-1], both[..., -1:], state


def scan_rule(q: Tensor, k: Tensor, v: Tensor, causal: bool, state: Tensor | None) -> Path | str:
    """The best path on a GPU, or why the kernels cannot take these operands."""
    batch, heads, length, width = q.shape
    few = length <= CHUNK and state is None and batch * heads * length < LEAST_TOKENS
    if not causal or length == 1 or few or 0 in q.shape or 0 in v.shape:
        return Path.TORCH
    if q.dtype not in (torch.float32, torch.bfloat16):
        return f"no kernel for {q.dtype}"
    one = q.dtype == k.dtype == v.dtype or torch.is_autocast_enabled("cuda")
    if not one or (state is not None and state.dtype != torch.float32):
        given = ", ".join(str(x.dtype) for x in (q, k, v, state) if x is not None)
        return f"one dtype and a state in fp32 are needed, not {given}"
    if max(width, v.shape[3]) > WIDEST_FEATURES:
        return f"features of {width} and {v.shape[3]} numbers are wider than {WIDEST_FEATURES}"
    return Path.TRITON


def _by_torch(q: Tensor, k: Tensor, v: Tensor, causal: bool, state: Tensor | None) -> tuple[Tensor, Tensor | None]:
    if not causal:
        return q @ (k.mT @ v), None
    length = q.shape[2]
    if length <= CHUNK and state is None:
        return (q @ k.mT).tril() @ v, None
    if length == 1 and state is not None:
        state = state + k.mT @ v
        return q @ state.to(q.dtype), state
    q, k, v = (_chunks(x) for x in (q, k, v))  # each (B, H, chunks, C, .)
    products = (k.mT @ v).to(torch.promote_types(q.dtype, torch.float32))
    before = products.cumsum(2) - products
    if state is not None:
        before = before + state[:, :, None]
        state = state + products.sum(2)
    out = (q @ k.mT).tril() @ v + q @ before.to(q.dtype)
    return out.flatten(2, 3)[:, :, :length], state


def linear_attention_reference(
    q: Tensor, k: Tensor, v: Tensor, *, causal: bool, state: Tensor | None = None
) -> tuple[Tensor, Tensor | None]:
    """The definition with its N x N weights; arguments as in `linear_attention`."""
    weights = q @ k.mT
    out = (weights.tril() if causal else weights) @ v
    if state is None:
        return out, None
    return out + q @ state.to(q.dtype), state + k.mT @ v


def _chunks(x: Tensor) -> Tensor:
    missing = -x.shape[2] % CHUNK
    return pad(x, (0, 0, 0, missing)).unflatten(2, (-1, CHUNK))


def _check(q: Tensor, k: Tensor, v: Tensor, causal: bool, state: Tensor | None, columns: int) -> None:
    if q.ndim != 4 or k.shape != q.shape or v.ndim != 4 or v.shape[:3] != q.shape[:3] or not len(q):
        raise ValueError(
            f"linear attention takes q, k (B, H, N, d) and v (B, H, N, e), B at least 1, got {shapes(q=q, k=k, v=v)}."
        )
    if not one_kind(q, k, v):
        raise ValueError(
            f"linear attention takes numbers of one floating-point dtype on one device, got {shapes(q=q, k=k, v=v)}."
        )
    if state is not None and (state.shape != (*q.shape[:2], q.shape[3], columns) or state.device != q.device):
        raise ValueError(f"the state beside q and v is (B, H, d, {columns}), got {shapes(q=q, v=v, state=state)}.")
    if state is not None and not causal:
        raise ValueError(f"a state is carried on in causal order alone, got {shapes(q=q, state=state)} without it.")
