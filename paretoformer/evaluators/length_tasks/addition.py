"""The sum of two numbers."""

import numpy as np

from paretoformer.evaluators.length_tasks.instance import Instance, Step
from paretoformer.evaluators.length_tasks.numerals import DIGITS, spelled
from paretoformer.evaluators.length_tasks.problem import Problem


class Addition(Problem):
    """a + b; the size is the number of digits of the longer one, and the other has up to as many, each number alike.

    A step adds one column, from the right; a last one writes the carry, if there is one.
    """

    words = ("Compute", "+", "?", "The", "answer", "is", ".", *DIGITS, ",", "=", "carry", "carry:")
    smallest = 1
    stepwise = True

    def draw(self, rng: np.random.Generator, size: int, count: int) -> list[Instance]:
        """Digits drawn independently; only a number of one digit may begin with 0."""
        digits = rng.integers(0, 10, (count, 2, size))
        digits[..., 0] = rng.integers(1 if size > 1 else 0, 10, (count, 2))
        shorter, side = rng.integers(1, size + 1, count), rng.integers(0, 2, count)
        leading = rng.integers(1, 10, count)
        found = []
        for pair, length, place, first in zip(digits.tolist(), shorter, side, leading.tolist(), strict=True):
            if length < size:
                pair[place] = pair[place][-int(length) :]
                if length > 1:
                    pair[place][0] = first
            a, b = (int("".join(map(str, number))) for number in pair)
            found.append(addition_of(a, b))
        return found

    def longest(self, size: int) -> Instance:
        """Two numbers of nines."""
        return addition_of(10**size - 1, 10**size - 1)


def addition_of(a: int, b: int) -> Instance:
    """The instance of these two numbers."""
    return Instance(
        prompt=f"Compute {spelled(a)} + {spelled(b)} ?",
        answer=f"The answer is {spelled(a + b)} .",
        size=max(len(str(a)), len(str(b))),
        steps=_steps(a, b),
    )


def _steps(a: int, b: int) -> tuple[Step, ...]:
    steps: list[Step] = []
    carry = 0
    while a or b or carry or not steps:
        (a, first), (b, second) = divmod(a, 10), divmod(b, 10)
        total = first + second + carry
        values = f"{spelled(first + second)} + {carry} = {spelled(total)}"
        carry = total // 10
        steps.append(
            Step(
                input=f"{first} , {second}",
                computation=f"{first} + {second} + carry = {values}",
                output=str(total % 10),
                variables=f"carry: {carry}",
                remaining=f"{spelled(a)} + {spelled(b)}",
            )
        )
    return tuple(steps)
