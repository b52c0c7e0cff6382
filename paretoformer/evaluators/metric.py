"""What a task is scored by: sums over examples, so that every score has an interval."""

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from torch import Tensor

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.scoring import Estimate, ratio, score

FRACTION = "fraction"
"""The unit of scores between 0 and 1."""


class Metric(ABC):
    """A score made of `parts`, (B, K) sums of each example, added over examples and then combined to one number.

    The last column of parts is what an example weighs: 0 where it was not asked. `minimise` says which way is better, no
    score is beyond `least` or `most`. What `parts` reads is said by the three classes below.
    """

    name: str
    unit: str
    minimise: bool
    least: ClassVar[float] = -math.inf
    most: ClassVar[float] = math.inf

    @property
    def title(self) -> str:
        """What it is, in one sentence: the first line of its class."""
        return (type(self).__doc__ or self.name).strip().splitlines()[0]

    def combine(self, sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """sums: (..., K) of some examples -> (...,) their score; the first column over the last."""
        return ratio(sums)

    def score(self, parts: Tensor, groups: Tensor | None = None) -> Estimate:
        """The score of all parts, (n, K), with its interval; groups, (n,) long, are the examples'."""
        own = None if groups is None else groups.numpy()
        return score(parts.double().numpy(), self.combine, own, fraction=self.unit == FRACTION)


class OutputMetric(Metric):
    """Reads what the model gives, as the signature says."""

    @abstractmethod
    def parts(self, outputs: Tensor, examples: Examples) -> Tensor:
        """outputs: the model's for the batch `examples`, targets included -> (B, K) float64."""


class GeneratedMetric(Metric):
    """Reads how the model goes on, by greedy decoding, from the tokens before the first one that is asked."""

    @abstractmethod
    def parts(self, generated: Tensor, examples: Examples) -> Tensor:
        """generated: ids (B, T), -1 from the end token on -> (B, K) float64."""


class PairMetric(Metric):
    """Reads the vectors of text and source of all examples of a split at once."""

    @abstractmethod
    def parts(self, text: Tensor, source: Tensor, examples: Examples) -> Tensor:
        """text and source: (n, D) each -> (n, K) float64."""
