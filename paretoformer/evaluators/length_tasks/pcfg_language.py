"""Nested functions of strings, as in PCFG SET."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from paretoformer.evaluators.length_tasks.instance import Instance
from paretoformer.evaluators.length_tasks.problem import Problem

Words = tuple[str, ...]
UNARY: Mapping[str, Callable[[Words], Words]] = {
    "copy": lambda x: x,
    "reverse": lambda x: x[::-1],
    "shift": lambda x: (*x[1:], x[0]),
    "swap": lambda x: (x[-1], *x[1:-1], x[0]) if len(x) > 1 else x,
    "repeat": lambda x: x + x,
    "echo": lambda x: (*x, x[-1]),
}
BINARY: Mapping[str, Callable[[Words, Words], Words]] = {
    "append": lambda x, y: x + y,
    "prepend": lambda x, y: y + x,
    "remove_first": lambda x, y: y,
    "remove_second": lambda x, y: x,
}
_SYMBOLS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LEAF = 3  # the most symbols of a string
_LONGEST_ANSWER = 16
_SPARE = 1.5


class Pcfg(Problem):
    """Expressions of n functions, the size, in prefix form: `append swap A B , reverse C D E`, of strings of 2 to 3 symbols.

    Ten functions: copy, reverse, shift (the first goes last), swap (first and last), repeat, echo (the last twice), append,
    prepend, remove_first, remove_second. A function of two strings has either kind of expression on both sides; what gives
    more than 16 symbols is drawn again. Source: Hupkes et al. 2020, section 3; their lengths follow a treebank's, these do not.
    """

    words = ("Solve:", ",", *UNARY, *BINARY, *_SYMBOLS)
    smallest = 1
    largest = 16

    def draw(self, rng: np.random.Generator, size: int, count: int) -> list[Instance]:
        """Functions, strings and where the functions stand drawn independently."""
        found: list[Instance] = []
        while len(found) < count:
            many = int(_SPARE * count)
            functions = rng.choice((*UNARY, *BINARY), (many, size)).tolist()
            lefts = rng.random((many, size)).tolist()
            symbols = rng.integers(0, len(_SYMBOLS), (many, size + 1, _LEAF)).tolist()
            lengths = rng.integers(2, _LEAF + 1, (many, size + 1)).tolist()
            for names, shares, letters, counts in zip(functions, lefts, symbols, lengths, strict=True):
                strings = [
                    [_SYMBOLS[letter] for letter in row[:length]] for row, length in zip(letters, counts, strict=True)
                ]
                text, value = _expression(size, iter(names), iter(shares), iter(strings))
                if len(value) <= _LONGEST_ANSWER:
                    found.append(Instance(prompt=f"Solve: {text}", answer=" ".join(value), size=size))
        return found[:count]

    def longest(self, size: int) -> Instance:
        """All functions of two strings."""
        leaf = " ".join(_SYMBOLS[:_LEAF])
        prompt = "Solve: " + " ".join(["append"] * size + [leaf] + [f", {leaf}"] * size)
        return Instance(prompt=prompt, answer=" ".join(_SYMBOLS[:_LONGEST_ANSWER]), size=size)


def _expression(
    size: int, names: Iterator[str], shares: Iterator[float], strings: Iterator[list[str]]
) -> tuple[str, Words]:
    """An expression of `size` functions and its value."""
    if size == 0:
        leaf = next(strings)
        return " ".join(leaf), tuple(leaf)
    name, share = next(names), next(shares)
    if name in UNARY:
        text, value = _expression(size - 1, names, shares, strings)
        return f"{name} {text}", UNARY[name](value)
    left = int(share * size)
    (first, one), (second, other) = (_expression(part, names, shares, strings) for part in (left, size - 1 - left))
    return f"{name} {first} , {second}", BINARY[name](one, other)
