"""Copying and replacing symbols, and writing them in reverse."""

from collections.abc import Callable

import numpy as np

from paretoformer.evaluators.length_tasks.instance import Instance
from paretoformer.evaluators.length_tasks.problem import Problem
from paretoformer.records.errors import UserError

_SEPARATOR, _NEXT = "[SEP]", "[NEXT]"
_FEWEST, _MOST = 10, 1_000


class Repeating(Problem):
    """One symbol n times, to be written n times (rsc), 2 n times (rsc2x) or n times as another symbol (rdc)."""

    def __init__(self, variant: str, symbols: int) -> None:
        self._variant, self._symbols = variant, _symbols(symbols)
        opening = ("Replace", "with", "in") if variant == "rdc" else ("Copy:",)
        self.words = (*opening, _SEPARATOR, *self._symbols)

    def draw(self, rng: np.random.Generator, size: int, count: int) -> list[Instance]:
        """Every symbol once in a random order; of rdc `count` pairs of different symbols."""
        known = len(self._symbols)
        if self._variant != "rdc":
            return [self._instance(symbol, symbol, size) for symbol in rng.permutation(known)]
        old = rng.integers(0, known, count)
        new = (old + rng.integers(1, known, count)) % known
        return [self._instance(a, b, size) for a, b in zip(old, new, strict=True)]

    def _instance(self, old: int, new: int, size: int) -> Instance:
        a, b = self._symbols[old], self._symbols[new]
        opening = f"Replace {a} with {b} in" if self._variant == "rdc" else "Copy:"
        answer = [b] * (2 * size if self._variant == "rsc2x" else size)
        return Instance(prompt=" ".join((opening, *[a] * size, _SEPARATOR)), answer=" ".join(answer), size=size)

    def longest(self, size: int) -> Instance:
        """Any of the size."""
        return self._instance(0, 0, size)


class Sequences(Problem):
    """n random symbols, to be written in another way.

    Args:
        opening: the first word of the prompt.
        symbols: how many symbols there are.
        parts: functions from the words to those of each part of the answer; parts are joined by [NEXT].
    """

    def __init__(self, opening: str, symbols: int, parts: tuple[Callable[[list[str]], list[str]], ...]) -> None:
        self._opening, self._parts, self._symbols = opening, parts, _symbols(symbols)
        self.words = (opening, _SEPARATOR, _NEXT, *self._symbols)

    def draw(self, rng: np.random.Generator, size: int, count: int) -> list[Instance]:
        """Symbols drawn independently."""
        return [self._instance(row) for row in rng.integers(0, len(self._symbols), (count, size)).tolist()]

    def _instance(self, row: list[int]) -> Instance:
        words = [self._symbols[place] for place in row]
        answer = f" {_NEXT} ".join(" ".join(part(words)) for part in self._parts)
        return Instance(prompt=" ".join((self._opening, *words, _SEPARATOR)), answer=answer, size=len(row))

    def longest(self, size: int) -> Instance:
        """Any of the size."""
        return self._instance([0] * size)


def same(words: list[str]) -> list[str]:
    """The words as they are."""
    return words


def backwards(words: list[str]) -> list[str]:
    """The last word first."""
    return words[::-1]


def _symbols(count: int) -> tuple[str, ...]:
    return tuple(f"s{number}" for number in range(count))


def check_symbols(count: int) -> None:
    """Whether so many symbols can be.

    Raises:
        UserError: they are fewer than 10 or more than 1,000.
    """
    if not _FEWEST <= count <= _MOST:
        raise UserError(f"The number of symbols is {count}; it must be from {_FEWEST} to {_MOST}.")
