"""Right answers as sums that stay apart by the size of the example."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from paretoformer.evaluators.examples import Examples

BEYOND_TITLE = "Mean, over the sizes beyond the trained ones, each counting alike, of the share of answers that are right as a whole."
"""Of the metrics that `mean_of_sizes` combines."""


def sums_by_size(right: Tensor, examples: Examples, sizes: tuple[int, ...] | None, *, alike: bool) -> Tensor:
    """Parts of a metric of some sizes.

    Args:
        right: (B,) bool.
        examples: the batch; with `sizes` its examples have sizes.
        sizes: the sizes that are asked; all unless given.
        alike: whether `mean_of_sizes` is to combine them.

    Returns:
        (B, 2) float64, right and asked; or right and asked for each size, and asked at all, (B, 2 S + 1).
    """
    if sizes is None:
        return torch.stack((right, torch.ones_like(right)), 1).double()
    assert examples.sizes is not None, "examples have sizes"
    asked = examples.sizes[:, None] == torch.tensor(sizes, device=right.device)  # (B, S)
    if not alike:
        whole = asked.any(1)
        return torch.stack((right & whole, whole), 1).double()
    pairs = torch.stack((right[:, None] & asked, asked), 2).flatten(1)
    return torch.cat((pairs, asked.any(1, keepdim=True)), 1).double()


def mean_of_sizes(sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(..., 2 S + 1) -> (...,): the mean over sizes, each alike, of the share that is right; sizes not asked are left out."""
    right, asked = sums[..., 0:-1:2], sums[..., 1:-1:2]
    shares = np.where(asked > 0, right / np.maximum(asked, 1), 0)
    mean: npt.NDArray[np.float64] = shares.sum(-1) / (asked > 0).sum(-1)
    return mean
