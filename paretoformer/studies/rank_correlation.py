"""How alike two lists of numbers rank the same things."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def kendall(first: Sequence[float], second: Sequence[float]) -> float:
    """Kendall's tau-b: pairs in the same order less those in the other, ties in one list taken off; nan where one says nothing.

    Source: Kendall 1945.
    """
    one, other = (np.sign(np.subtract.outer(values, values)) for values in map(np.asarray, (first, second)))
    return _ratio(float((one * other).sum()), float((one**2).sum() * (other**2).sum()))


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Pearson's correlation of the ranks, of which equal numbers share the mean; nan where one says nothing."""
    one, other = (ranks(values) for values in (first, second))
    one, other = one - one.mean(), other - other.mean()
    return _ratio(float((one * other).sum()), float((one**2).sum() * (other**2).sum()))


def ranks(values: Sequence[float]) -> Floats:
    """Ranks from 1, (n,); equal numbers have the mean of theirs."""
    _, place, count = np.unique(np.asarray(values, dtype=np.float64), return_inverse=True, return_counts=True)
    found: Floats = (np.cumsum(count) - (count - 1) / 2)[place]
    return found


def _ratio(shared: float, square: float) -> float:
    return shared / square**0.5 if square > 0 else float("nan")
