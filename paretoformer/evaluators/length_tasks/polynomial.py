"""The value of a polynomial."""

from dataclasses import replace
from itertools import product

import numpy as np

from paretoformer.evaluators.length_tasks.instance import Instance, Step
from paretoformer.evaluators.length_tasks.numerals import DIGITS, spelled
from paretoformer.evaluators.length_tasks.problem import Problem


class Polynomial(Problem):
    """The value at x in [-2, 2] of n terms c x^e with c in [-3, 3] and e in [0, 3], modulo 10; a step adds one term."""

    words = ("Evaluate", "at", "x", "=", "in", "*", "**", "+", "?", "The", "answer", "is", ".", "-", *DIGITS, "sum:")
    smallest = 1
    stepwise = True

    def draw(self, rng: np.random.Generator, size: int, count: int) -> list[Instance]:
        """Everything drawn independently."""
        x = rng.integers(-2, 3, count).tolist()
        terms = np.stack((rng.integers(-3, 4, (count, size)), rng.integers(0, 4, (count, size))), 2)
        return [_instance(value, rows) for value, rows in zip(x, terms.tolist(), strict=True)]

    def longest(self, size: int) -> Instance:
        """Negative numbers, and in place of each step the longest that any polynomial has there."""
        text = _instance(-2, [[-3, 0]] * size)
        steps = (_instance(-2, [[c, e]] * 2).steps[1] for c, e in product(range(-3, 4), range(4)))
        worst = max(
            steps, key=lambda step: len(f"{step.input} {step.computation} {step.output} {step.variables}".split())
        )
        replaced = tuple(replace(worst, remaining=step.remaining) for step in text.steps)
        return replace(text, steps=replaced)


def _instance(x: int, terms: list[list[int]]) -> Instance:
    steps, total = [], 0
    written = [f"{spelled(c)} * x ** {e}" for c, e in terms]
    for place, (c, e) in enumerate(terms):
        value = c * x**e
        found = (total + value) % 10
        steps.append(
            Step(
                input=written[place],
                computation=f"{spelled(c)} * {spelled(x)} ** {e} = {spelled(c)} * {spelled(x**e)}",
                output=spelled(value),
                variables=f"sum: {total} + {spelled(value)} = {found}",
                remaining=" + ".join(written[place + 1 :]),
            )
        )
        total = found
    return Instance(
        prompt=f"Evaluate at x = {spelled(x)} in {' + '.join(written)} ?",
        answer=f"The answer is {total} .",
        size=len(terms),
        steps=tuple(steps),
    )
