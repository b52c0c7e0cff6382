"""A chain of signs, each given by the one before."""

import numpy as np

from paretoformer.evaluators.length_tasks.instance import Instance, Step
from paretoformer.evaluators.length_tasks.problem import Problem

_NAMES = tuple("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_QUESTION = "Then what is the value of"


class Lego(Problem):
    """n variables, the first of them -1 or +1 and each other one the one before or its negative; one of the later half is asked.

    The clauses come in the order of the chain. A step resolves one of them, up to the one that is asked.
    """

    words = ("If", "=", "+", "-", "+1", "-1", ",", ".", *_QUESTION.split(), "?", *_NAMES)
    largest = len(_NAMES)
    stepwise = True

    def draw(self, rng: np.random.Generator, size: int, count: int) -> list[Instance]:
        """Different names, signs drawn independently."""
        names = rng.random((count, len(_NAMES))).argsort(1)[:, :size]
        signs = rng.choice((-1, 1), (count, size))
        asked = rng.integers(size // 2, size, count)
        rows = zip(names.tolist(), signs.tolist(), signs.cumprod(1).tolist(), asked.tolist(), strict=True)
        return [_instance(*row) for row in rows]

    def longest(self, size: int) -> Instance:
        """The last variable asked."""
        return _instance(list(range(size)), [1] * size, [1] * size, size - 1)


def _instance(places: list[int], signs: list[int], values: list[int], asked: int) -> Instance:
    names, marks = [_NAMES[place] for place in places], ["+" if sign > 0 else "-" for sign in signs]
    told = [f"{value:+d}" for value in values]
    clauses = [f"{names[0]} = {told[0]}"]
    clauses += [f"{names[place]} = {marks[place]} {names[place - 1]}" for place in range(1, len(names))]
    formulas = [told[0]] + [
        f"{marks[place]} {names[place - 1]} = {marks[place]} {told[place - 1]}" for place in range(1, len(names))
    ]
    steps = tuple(
        Step(
            input=names[place],
            computation=formulas[place],
            output=told[place],
            remaining=" , ".join(clauses[place + 1 :]),
        )
        for place in range(asked + 1)
    )
    prompt = f"If {' , '.join(clauses)} . {_QUESTION} {names[asked]} ?"
    return Instance(prompt=prompt, answer=told[asked], size=len(names), steps=steps)
