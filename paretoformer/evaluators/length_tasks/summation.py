"""The sum of many digits."""

from dataclasses import replace

import numpy as np

from paretoformer.evaluators.length_tasks.instance import Instance, Step
from paretoformer.evaluators.length_tasks.numerals import DIGITS, spelled
from paretoformer.evaluators.length_tasks.problem import Problem


class Summation(Problem):
    """The sum of n digits from 1 to 9, modulo 10; a step adds one of them."""

    words = ("Compute:", "+", ".", "The", "answer", "is", *DIGITS, "=", "sum", "sum:", "mod10")
    stepwise = True

    def draw(self, rng: np.random.Generator, size: int, count: int) -> list[Instance]:
        """Digits drawn independently."""
        return [_instance(row) for row in rng.integers(1, 10, (count, size)).tolist()]

    def longest(self, size: int) -> Instance:
        """Nines, and in place of each step that of a sum of two digits."""
        text = _instance([9] * max(size, 2))
        steps = tuple(replace(text.steps[1], remaining=step.remaining) for step in text.steps)
        return replace(text, steps=steps)


def _instance(digits: list[int]) -> Instance:
    steps, total = [], 0
    for place, digit in enumerate(digits, start=1):
        found = digit + total
        steps.append(
            Step(
                input=str(digit),
                computation=f"{digit} + sum = {digit} + {total} =",
                output=spelled(found),
                variables=f"sum: {spelled(found)} = {found % 10} mod10",
                remaining=_joined(digits[place:]),
            )
        )
        total = found % 10
    return Instance(
        prompt=f"Compute: {_joined(digits)} .", answer=f"The answer is {total} .", size=len(digits), steps=tuple(steps)
    )


def _joined(digits: list[int]) -> str:
    return " + ".join(map(str, digits))
