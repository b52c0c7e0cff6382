"""Fronts and hypervolumes of trials, aware of noise."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A value with the interval it is known to; `error` is the standard error of a mean over `runs`, None of one."""

    value: float
    low: float
    high: float
    runs: int = 1
    error: float | None = None


def dominates(a: Sequence[Interval], b: Sequence[Interval]) -> bool:
    """Whether the medians of `a` dominate those of `b` and at least one objective is separated by its interval."""
    return all(x.value <= y.value for x, y in zip(a, b, strict=True)) and any(
        x.high < y.low for x, y in zip(a, b, strict=True)
    )


def front_indices(points: Sequence[Sequence[Interval]]) -> list[int]:
    """Indices of the points that no other dominates, in the given order.

    Medians decide first (moocore); a point dominated by median alone, without a separated objective, is a tie and stays.
    """
    if not points:
        return []
    medians, lows, highs = (
        np.array([[getattr(x, part) for x in point] for point in points]) for part in ("value", "low", "high")
    )
    strict = nondominated(medians)
    kept = strict.copy()
    for index in np.flatnonzero(~strict):
        kept[index] = not _beaten(index, strict, medians, lows, highs)
    for index in np.flatnonzero(kept & ~strict):
        kept[index] = not _beaten(index, ~strict, medians, lows, highs)
    return np.flatnonzero(kept).tolist()


def _beaten(
    index: np.intp,
    by: NDArray[np.bool_],
    medians: NDArray[np.float64],
    lows: NDArray[np.float64],
    highs: NDArray[np.float64],
) -> bool:
    """Whether a row of `by` dominates row `index`; most rows fall to the few of the plain front, which are asked first."""
    better = (medians[by] <= medians[index]).all(1) & (highs[by] < lows[index]).any(1)
    return bool(better.any())


def nondominated(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows of `values` (n, objectives), smaller is better, no other row dominates; equal rows all stay."""
    import moocore

    kept: NDArray[np.bool_] = moocore.is_nondominated(values, keep_weakly=True)
    return kept


def hypervolume(values: NDArray[np.float64], reference: Sequence[float]) -> float:
    """Volume that the rows of `values` (n, objectives), smaller is better, dominate below `reference`."""
    import moocore

    inside = values[(values < np.asarray(reference)).all(1)] if len(values) else values
    if not len(inside):
        return 0.0
    return float(moocore.hypervolume(inside, ref=np.asarray(reference, dtype=float)))
