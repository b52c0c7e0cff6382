"""The share of answers that are right."""

from typing import ClassVar

from torch import Tensor

from paretoformer.evaluators.criterion import IGNORED
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metric import Metric


class Accuracy(Metric):
    """Share of targets that the largest output names: one target for an input, or one for each of its tokens."""

    name: ClassVar[str] = "accuracy"
    unit: ClassVar[str] = "fraction"
    minimise: ClassVar[bool] = False
    least: ClassVar[float] = 0.0
    most: ClassVar[float] = 1.0

    def parts(self, outputs: Tensor, examples: Examples) -> tuple[Tensor, Tensor]:
        """outputs: (B, classes) or (B, N, classes) -> right answers and targets of each example, both (B,) float64."""
        targets = examples.targets.reshape(len(examples), -1)  # (B, 1) or (B, N)
        right = outputs.argmax(-1).reshape_as(targets) == targets
        asked = targets != IGNORED
        return (right & asked).sum(1).double(), asked.sum(1).double()
