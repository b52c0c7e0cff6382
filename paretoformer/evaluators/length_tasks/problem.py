"""The contract of a problem with instances of every size."""

from abc import ABC, abstractmethod

import numpy as np

from paretoformer.evaluators.length_tasks.instance import Instance


class Problem(ABC):
    """Draws instances of a size. Every prompt starts with the same word, which tells a model without positions where it is.

    Attributes:
        words: all that prompts, answers and steps use, the prompts' first word first.
        smallest: the least size that has instances enough for three splits.
        largest: the greatest size that can be made.
        stepwise: whether instances have steps for a scratchpad.
    """

    words: tuple[str, ...]
    smallest: int = 2
    largest: int = 64
    stepwise: bool = False

    @abstractmethod
    def draw(self, rng: np.random.Generator, size: int, count: int) -> list[Instance]:
        """About `count` instances of `size`, some of which may be equal; fewer where few exist."""

    @abstractmethod
    def longest(self, size: int) -> Instance:
        """Of texts with as many words as any instance of `size` or less has; it need not be an instance itself."""

    def sizes(self, first: int, last: int) -> tuple[int, ...]:
        """Sizes from `first` to `last`, both included, of which there are instances."""
        return tuple(range(max(first, self.smallest), last + 1))
