"""How far numbers are off, every error weighing as it is."""

from typing import ClassVar

import torch
from torch import Tensor

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metric import OutputMetric


class MeanAbsoluteError(OutputMetric):
    """Mean absolute error over all numbers that are asked, of a whole input or of each of its tokens."""

    name = "mae"
    minimise = True
    least: ClassVar[float] = 0.0

    def __init__(self, unit: str = "") -> None:
        self.unit = unit

    def parts(self, outputs: Tensor, examples: Examples) -> Tensor:
        """outputs: (B, K) or (B, N, K) -> absolute errors and numbers asked of each example, (B, 2) float64."""
        targets = examples.targets.double()
        asked = ~targets.isnan()
        errors = (outputs.double() - targets).abs().where(asked, 0.0)
        return torch.stack((errors.flatten(1).sum(1), asked.flatten(1).sum(1).double()), 1)
