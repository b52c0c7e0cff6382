"""What a task is scored by: a mean over examples, so that every score has an interval."""

import math
from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.scoring import Estimate, score

FRACTION = "fraction"
"""The unit of scores between 0 and 1."""


class Metric(ABC):
    """A score as a weighted mean over examples; `minimise` says which way is better, no score is beyond `least` or `most`."""

    name: ClassVar[str]
    unit: ClassVar[str]
    minimise: ClassVar[bool]
    least: ClassVar[float] = -math.inf
    most: ClassVar[float] = math.inf

    @abstractmethod
    def parts(self, outputs: Tensor, examples: Examples) -> tuple[Tensor, Tensor]:
        """Value and weight of each example, both (B,); the score is the sum of values over the sum of weights.

        Args:
            outputs: what the model gives for `examples`, as the signature says.
            examples: the batch that it was given, targets included.
        """

    def score(self, values: Tensor, weights: Tensor, groups: Tensor | None = None) -> Estimate:
        """The score of all parts with its interval; groups, (n,) long, are the examples'."""
        own = None if groups is None else groups.numpy()
        return score(values.double().numpy(), weights.double().numpy(), own, fraction=self.unit == FRACTION)
