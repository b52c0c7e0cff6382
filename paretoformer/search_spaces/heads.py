"""What the topologies' outputs have in common."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from paretoformer.records.signature import Signature, TokenOutput

if TYPE_CHECKING:
    from paretoformer.search_spaces.architecture import Architecture


def tied(architecture: "Architecture", signature: Signature) -> bool:
    """Whether the head uses the stem's table."""
    return isinstance(signature.output, TokenOutput) and bool(getattr(architecture.stem, "tied", False))


def mean_of_valid(x: Tensor, lengths: Tensor | None) -> Tensor:
    """x: (B, N, D) -> (B, D), the mean of the tokens that are not padding; 0 where there are none."""
    if lengths is None:
        return x.mean(1)
    valid = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    return torch.where(valid[..., None], x, 0.0).sum(1) / lengths.clamp_min(1)[:, None]


def asked(x: Tensor, last: bool) -> Tensor:
    """x: (B, T, D), what the head reads of tokens just extended by: all, or the `last` alone as (B, 1, D)."""
    return x[:, -1:] if last else x


def last_valid(x: Tensor, lengths: Tensor | None) -> Tensor:
    """x: (B, N, D) -> (B, D), the last token that is not padding."""
    return x[:, -1] if lengths is None else x[torch.arange(len(x), device=x.device), (lengths - 1).clamp_min(0)]
