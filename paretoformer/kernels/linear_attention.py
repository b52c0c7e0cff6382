"""Attention whose weights are a product of features: the definition, and a form linear in length."""

import torch
from torch import Tensor

CHUNK = 64
"""Tokens that the causal form treats with a quadratic product at once."""


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
        (B, H, N, e), and the new state if one was given.
    """
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
    return torch.nn.functional.pad(x, (0, 0, 0, missing)).unflatten(2, (-1, CHUNK))
