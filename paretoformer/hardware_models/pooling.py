"""What visits say together: their middle, which one of them that was disturbed does not move once there are enough."""

from collections.abc import Sequence
from math import comb

COVERAGE = 7 / 8
"""How surely the middle spans the median of what visits would give: that of the whole range of four."""


def middle(values: Sequence[float]) -> tuple[float, ...]:
    """The values that are left when as many are cut off at both ends as leaves `COVERAGE`; all of fewer than seven.

    The order statistics k and n + 1 - k of n independent values span their distribution's median with probability
    1 - 2 P(Binomial(n, 1/2) < k), whatever the distribution: of 4 values none is cut off, of 8 one at each end, of 12 two.
    """
    ordered = sorted(values)
    cut = 0
    while 2 * (cut + 1) < len(ordered) and _coverage(len(ordered), cut + 2) >= COVERAGE:
        cut += 1
    return tuple(ordered[cut : len(ordered) - cut])


def _coverage(count: int, rank: int) -> float:
    return 1 - 2 * sum(comb(count, below) for below in range(rank)) / 2**count
