"""Lists to be sorted."""

from collections.abc import Callable
from typing import Any

import numpy as np

from paretoformer.evaluators.length_tasks.instance import Instance, Step
from paretoformer.evaluators.length_tasks.numerals import DIGITS, spelled
from paretoformer.evaluators.length_tasks.problem import Problem

_SYMBOLS = tuple("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX")
_LEAST, _MOST = 10, 9_999
_PHRASE = "The minimum of the unsorted portion"


class Sorting(Problem):
    """n different symbols of 50 in their fixed order (single), or n numbers from 10 to 9999, digits apart (multi).

    Steps are those of selection sort by swapping: the front of what is unsorted, its minimum, and what is then unsorted.
    """

    largest = len(_SYMBOLS)
    stepwise = True

    def __init__(self, variant: str) -> None:
        self._single = variant == "single"
        text = f"Sort the following list [ , ] . sorted is {_PHRASE}"
        self.words = (*dict.fromkeys(text.split()), *(_SYMBOLS if self._single else DIGITS))

    def draw(self, rng: np.random.Generator, size: int, count: int) -> list[Instance]:
        """Symbols without, numbers with repetition."""
        orders = rng.random((count, len(_SYMBOLS))).argsort(1)
        rows = orders[:, :size] if self._single else rng.integers(_LEAST, _MOST + 1, (count, size))
        return [self._instance(row) for row in rows.tolist()]

    def _instance(self, row: list[int]) -> Instance:
        written: Callable[[Any], str] = _SYMBOLS.__getitem__ if self._single else spelled

        def joined(items: list[int]) -> str:
            return " , ".join(map(written, items))

        steps, rest = [], list(row)
        while rest:
            front, least = rest[0], min(rest)
            rest[rest.index(least)] = front
            rest = rest[1:]
            step = Step(input=written(front), computation=_PHRASE, output=written(least), remaining=joined(rest))
            steps.append(step)
        return Instance(
            prompt=f"Sort the following list [ {joined(row)} ] .",
            answer=f"The sorted list is [ {joined(sorted(row))} ] .",
            size=len(row),
            steps=tuple(steps),
        )

    def longest(self, size: int) -> Instance:
        """Symbols in order, or the greatest number throughout."""
        return self._instance(list(range(size)) if self._single else [_MOST] * size)
