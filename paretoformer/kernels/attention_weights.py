"""The weights of softmax attention by themselves, for what acts on them between the softmax and the values."""

import torch
from torch import Tensor

from paretoformer.kernels.dispatch import defined, one_kind, shapes
from paretoformer.kernels.softmax_attention import check_bias


def attention_weights(
    q: Tensor, k: Tensor, *, causal: bool, bias: Tensor | None = None, valid: Tensor | None = None
) -> Tensor:
    """softmax(q k^T / sqrt(d) + bias), 0 where a key is not seen; with `causal` the last query stands at the last key.

    Costs the memory of all T x S weights, which `softmax_attention` never makes. This is the definition and all there is of it.

    Args:
        q: (B, H, T, d). k: (B, Hkv, S, d), Hkv dividing H; query head h reads key head h * Hkv // H.
        bias: (H, T, S) or (B, H, T, S), added to the scores. valid: (B, S) bool, False where a key is padding.

    Returns:
        (B, H, T, S); all 0 for a query that sees no key.

    Raises:
        ValueError: the shapes, dtypes or devices do not fit together.
    """
    if not torch.compiler.is_compiling():
        _check(q, k, bias, valid)
    defined("attention_weights")
    queries, keys = q.shape[2], k.shape[2]
    scores = q @ k.repeat_interleave(q.shape[1] // k.shape[1], 1).mT / q.shape[-1] ** 0.5
    if bias is not None:
        scores = scores + bias
    if not causal and valid is None:
        return scores.softmax(-1)
    seen = torch.ones(queries, keys, dtype=torch.bool, device=q.device)
    if causal:
        seen = seen.tril(keys - queries)
    if valid is not None:
        seen = seen & valid[:, None, None, :]
    weights = scores.masked_fill(~seen, torch.finfo(scores.dtype).min).softmax(-1)
    return weights.masked_fill(~seen, 0.0)


def _check(q: Tensor, k: Tensor, bias: Tensor | None, valid: Tensor | None) -> None:
    fits = q.ndim == 4 and k.ndim == 4 and q.shape[::3] == k.shape[::3] and k.shape[1] and len(q)
    if not fits or q.shape[1] % k.shape[1]:
        raise ValueError(
            f"attention weights are of q (B, H, T, d) and k (B, Hkv, S, d), B at least 1, got {shapes(q=q, k=k)}."
        )
    if not one_kind(q, k):
        raise ValueError(
            f"attention weights take numbers of one floating-point dtype on one device, got {shapes(q=q, k=k)}."
        )
    check_bias(q, k.shape[2], bias)
    if valid is not None and (valid.shape != k.shape[::2] or valid.dtype != torch.bool or valid.device != k.device):
        raise ValueError(f"valid keys are (B, S) bool on the device of k, got {shapes(k=k, valid=valid)}.")
