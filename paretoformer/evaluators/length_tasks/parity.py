"""Whether a sequence has an even number of ones."""

import numpy as np

from paretoformer.evaluators.length_tasks.instance import Instance, Step
from paretoformer.evaluators.length_tasks.problem import Problem

_QUESTION = "Is the number of 1's even in the sequence ["


class Parity(Problem):
    """n bits, and Yes where the ones among them are even in number; a step reads one bit."""

    words = (*_QUESTION.split(), "]", "?", "The", "answer", "is", "Yes", "No", ".", "0", "1", "=", "**", "par", "par:")
    smallest = 5
    largest = 62  # bits of a positive long
    stepwise = True

    def draw(self, rng: np.random.Generator, size: int, count: int) -> list[Instance]:
        """Bits drawn independently; all sequences in a random order where they are no more than `count`."""
        known = 2**size <= count
        numbers = rng.permutation(2**size) if known else rng.integers(0, 2**size, count)
        rows = (numbers[:, None] >> np.arange(size)) & 1
        return [_instance(row) for row in rows.tolist()]

    def longest(self, size: int) -> Instance:
        """Any of the size."""
        return _instance([0] * size)


def _instance(bits: list[int]) -> Instance:
    steps, odd = [], 0
    for place, bit in enumerate(bits, start=1):
        computation = f"{bit} ** par = {bit} ** {odd}"
        odd ^= bit
        steps.append(
            Step(
                input=str(bit),
                computation=computation,
                output=str(odd),
                variables=f"par: {odd}",
                remaining=_joined(bits[place:]),
            )
        )
    prompt, answer = f"{_QUESTION} {_joined(bits)} ] ?", f"The answer is {'No' if odd else 'Yes'} ."
    return Instance(prompt=prompt, answer=answer, size=len(bits), steps=tuple(steps))


def _joined(bits: list[int]) -> str:
    return " ".join(map(str, bits))
