"""The share of answers that are right as a whole."""

from typing import ClassVar

import numpy as np
import numpy.typing as npt
from torch import Tensor

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.length_tasks.by_size import BEYOND_TITLE, mean_of_sizes, sums_by_size
from paretoformer.evaluators.metric import FRACTION, OutputMetric


class ExactMatch(OutputMetric):
    """Share of examples of which every target is what the largest output names.

    For next tokens that is whether the answer would be written by greedy decoding, end symbol included, since each right token
    is what the next one is asked after.

    Args:
        name: of this instance.
        sizes: the sizes of examples that are counted; all unless given.
        alike: whether these are sizes beyond the trained ones, each of which counts alike, however many examples it has.
    """

    unit = FRACTION
    minimise = False
    least: ClassVar[float] = 0.0
    most: ClassVar[float] = 1.0

    def __init__(self, name: str = "exact-match", sizes: tuple[int, ...] | None = None, *, alike: bool = False) -> None:
        self.name, self._sizes, self._alike = name, sizes, alike

    @property
    def title(self) -> str:
        """What it is, and where alike, of which sizes."""
        return BEYOND_TITLE if self._alike else super().title

    def parts(self, outputs: Tensor, examples: Examples) -> Tensor:
        """outputs: (B, classes) or (B, N, classes) -> (B, 2), or a pair of columns a size and their weight where alike."""
        targets = examples.targets.reshape(len(examples), -1)
        right = (outputs.argmax(-1).reshape_as(targets) == targets) | (targets == IGNORED)
        return self.parts_of(right.all(1), examples)

    def parts_of(self, right: Tensor, examples: Examples) -> Tensor:
        """right: (B,) bool, which examples are -> parts as above."""
        return sums_by_size(right, examples, self._sizes, alike=self._alike)

    def combine(self, sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(..., K) -> (...,)."""
        return mean_of_sizes(sums) if self._alike else super().combine(sums)
