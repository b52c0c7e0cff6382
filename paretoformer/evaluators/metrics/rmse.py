"""How far numbers are off, large errors weighing more."""

from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metric import OutputMetric
from paretoformer.evaluators.scoring import ratio


class RootMeanSquaredError(OutputMetric):
    """Root of the mean squared error over all numbers that are asked, of a whole input or of each of its tokens.

    The error is in the unit of the targets, which `unit` may name; targets that were divided by a number are brought back to their
    unit by that `scale`.
    """

    name = "rmse"
    minimise = True
    least: ClassVar[float] = 0.0

    def __init__(self, unit: str = "", *, scale: float = 1.0) -> None:
        self.unit, self._scale = unit, scale

    def parts(self, outputs: Tensor, examples: Examples) -> Tensor:
        """outputs: (B, K) or (B, N, K) -> squared errors and numbers asked of each example, (B, 2) float64."""
        targets = examples.targets.double()
        asked = ~targets.isnan()
        squares = (self._scale * (outputs.double() - targets)).square().where(asked, 0.0)
        return torch.stack((squares.flatten(1).sum(1), asked.flatten(1).sum(1).double()), 1)

    def combine(self, sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """sums: (..., 2) -> (...,)."""
        found: npt.NDArray[np.float64] = np.sqrt(ratio(sums))
        return found
