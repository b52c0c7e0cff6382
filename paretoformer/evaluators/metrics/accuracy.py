"""The share of answers that are right."""

from typing import ClassVar

import torch
from torch import Tensor

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.metric import FRACTION, OutputMetric


class Accuracy(OutputMetric):
    """Share of targets that the largest output names: one target for an input, or one for each of its tokens."""

    name = "accuracy"
    unit = FRACTION
    minimise = False
    least: ClassVar[float] = 0.0
    most: ClassVar[float] = 1.0

    def parts(self, outputs: Tensor, examples: Examples) -> Tensor:
        """outputs: (B, classes) or (B, N, classes) -> right answers and targets of each example, (B, 2) float64."""
        targets = examples.targets.reshape(len(examples), -1)  # (B, 1) or (B, N)
        right = outputs.argmax(-1).reshape_as(targets) == targets
        asked = targets != IGNORED
        return torch.stack(((right & asked).sum(1), asked.sum(1)), 1).double()
