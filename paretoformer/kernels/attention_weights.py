"""The weights of softmax attention by themselves, for what acts on them between the softmax and the values."""

import torch
from torch import Tensor


def attention_weights(
    q: Tensor, k: Tensor, *, causal: bool, bias: Tensor | None = None, valid: Tensor | None = None
) -> Tensor:
    """softmax(q k^T / sqrt(d) + bias), 0 where a key is not seen; with `causal` the last query stands at the last key.

    Costs the memory of all T x S weights, which `softmax_attention` never makes.

    Args:
        q: (B, H, T, d). k: (B, Hkv, S, d), Hkv dividing H; query head h reads key head h * Hkv // H.
        bias: (H, T, S) or (B, H, T, S), added to the scores. valid: (B, S) bool, False where a key is padding.

    Returns:
        (B, H, T, S); all 0 for a query that sees no key.
    """
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
