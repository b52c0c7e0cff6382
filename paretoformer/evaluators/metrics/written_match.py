"""The share of answers that are right as a whole, written after a trace that may be anything."""

from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.generation import AFTER_END
from paretoformer.evaluators.length_tasks.by_size import BEYOND_TITLE, mean_of_sizes, sums_by_size
from paretoformer.evaluators.metric import FRACTION, GeneratedMetric


class WrittenMatch(GeneratedMetric):
    """Share of examples whose answer, what follows the first `marker` and comes before the end, is right as a whole.

    Args:
        name: of this instance.
        sizes: the sizes of examples that are counted.
        alike: whether these are sizes beyond the trained ones, each of which counts alike, however many examples it has.
        marker: the token after which the answer stands; without one there is no answer.
    """

    unit = FRACTION
    minimise = False
    least: ClassVar[float] = 0.0
    most: ClassVar[float] = 1.0

    def __init__(self, name: str, sizes: tuple[int, ...], *, alike: bool, marker: int) -> None:
        self.name, self._sizes, self._alike, self._marker = name, sizes, alike, marker

    @property
    def title(self) -> str:
        """What it is, and where alike, of which sizes."""
        return BEYOND_TITLE if self._alike else super().title

    def parts(self, generated: Tensor, examples: Examples) -> Tensor:
        """generated: ids (B, T) -> (B, 2), or a pair of columns a size and their weight where alike."""
        ended = [self._answer(row, AFTER_END) for row in generated.tolist()]
        wanted = [self._answer(row[row != IGNORED].tolist()[:-1], AFTER_END) for row in examples.targets]
        right = torch.tensor([one is not None and one == other for one, other in zip(ended, wanted, strict=True)])
        return self.parts_of(right, examples)

    def parts_of(self, right: Tensor, examples: Examples) -> Tensor:
        """right: (B,) bool, which examples are -> parts as above."""
        return sums_by_size(right, examples, self._sizes, alike=self._alike)

    def _answer(self, row: list[int], end: int) -> list[int] | None:
        written = row[: row.index(end)] if end in row else row
        return written[written.index(self._marker) + 1 :] if self._marker in written else None

    def combine(self, sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(..., K) -> (...,)."""
        return mean_of_sizes(sums) if self._alike else super().combine(sums)
