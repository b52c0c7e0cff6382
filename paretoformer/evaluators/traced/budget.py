"""How much of a trace is written before the answer."""

from collections.abc import Sequence
from math import ceil, log2
from typing import Literal

Budget = Literal["none", "log", "linear", "quadratic"]


def spread(steps: Sequence[int], most: int) -> list[int]:
    """`most` of the steps at even distances, the last among them; all where there are no more."""
    count = min(most, len(steps))
    return [steps[len(steps) * place // count - 1] for place in range(1, count + 1)]


def logarithmic(size: int) -> int:
    """Tokens of the budget `log`: ceil(log2 size), 1 at least."""
    return max(1, ceil(log2(size)))


def within(budget: Budget, steps: Sequence[int], long: Sequence[int], size: int) -> list[int]:
    """What is written of a trace; each budget's is part, in order, of the next one's.

    Args:
        budget: how much.
        steps: one token for each step, the linear trace.
        long: the quadratic one.
        size: of the problem.
    """
    match budget:
        case "none":
            return []
        case "log":
            return spread(steps, logarithmic(size))
        case "linear":
            return list(steps)
        case "quadratic":
            return list(long)
