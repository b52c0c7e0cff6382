"""Sums that decay from token to token, for all tokens of a chunk at once."""

import torch
from torch import Tensor


def decays(logarithms: Tensor) -> tuple[Tensor, Tensor]:
    """What is left at token t of what came at token i, (.., T, T) and 0 where i is later, and of what was before, (.., T).

    Args:
        logarithms: (.., T), of the share that is kept from the token before to each token.
    """
    total = logarithms.cumsum(-1)
    later = torch.ones(2 * total.shape[-1:], dtype=torch.bool, device=total.device).triu(1)
    return (total[..., None] - total[..., None, :]).masked_fill(later, -torch.inf).exp(), total.exp()


def scanned(added: Tensor, scale: Tensor | None, logarithms: Tensor, before: Tensor) -> Tensor:
    """s_t = exp(logarithms_t) s_{t-1} + scale_t added_t for all t, (.., T, rows, columns).

    Args:
        added: (.., T, rows, columns). scale, logarithms: (.., T). before: (.., rows, columns).
    """
    shares, kept = decays(logarithms)
    if scale is not None:
        shares = shares * scale[..., None, :]
    sums = (shares @ added.flatten(-2)).view_as(added)
    return torch.addcmul(sums, kept[..., None, None], before[..., None, :, :])
