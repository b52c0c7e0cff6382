"""The largest error of all."""

import math
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metric import OutputMetric

STEP = 1.05
"""Ratio of neighbouring bounds; the score is so much above the largest error at most."""

_LEAST, _MOST = 1e-4, 1e4
_BOUNDS = _LEAST * STEP ** np.arange(math.ceil(math.log(_MOST / _LEAST, STEP)) + 1)


class LargestError(OutputMetric):
    """The largest absolute error of any number of any example, rounded up to a bound of a geometric ladder.

    A largest value is no mean; what is summed is how many examples exceed each bound, and the score is the lowest that none
    exceeds. Errors below 1e-4 count as that, errors above 1e4 as the last bound. An interval by resampling cannot lie above
    the largest error seen, so its upper end says nothing of unseen inputs.
    """

    name = "largest-error"
    minimise = True
    least: ClassVar[float] = 0.0

    def __init__(self, unit: str = "") -> None:
        self.unit = unit

    def parts(self, outputs: Tensor, examples: Examples) -> Tensor:
        """outputs: (B, K) or (B, N, K) -> whether each example exceeds each bound, and 1 where it was asked, (B, bounds + 1)."""
        targets = examples.targets.double()
        asked = ~targets.isnan()
        errors = (outputs.double() - targets).abs().where(asked, 0.0).flatten(1).amax(1)  # (B,)
        bounds = torch.from_numpy(_BOUNDS).to(errors.device)
        beyond = errors[:, None] > bounds
        return torch.cat((beyond, asked.flatten(1).any(1, keepdim=True)), 1).double()

    def combine(self, sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """sums: (..., bounds + 1) -> (...,)."""
        exceeded = (sums[..., :-1] > 0).sum(-1)
        found: npt.NDArray[np.float64] = _BOUNDS[np.minimum(exceeded, len(_BOUNDS) - 1)]
        return found
