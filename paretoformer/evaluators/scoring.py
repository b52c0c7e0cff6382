"""From parts of examples to a score with its interval."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

RESAMPLES = 1_000
BINS = 2_000
"""The most units that are resampled; more groups than this are dealt to so many bins."""

_SEED = 20_240_229
_Z = 1.959964  # 97.5 % of a normal distribution lie below it
_NOTHING = 1e-9  # a narrower interval, relative to the score, is rounding
Floats = npt.NDArray[np.float64]
Groups = npt.NDArray[np.int64]
Combine = Callable[[Floats], Floats]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A score with its 95 % interval."""

    value: float
    low: float
    high: float


def ratio(sums: Floats) -> Floats:
    """sums: (..., K) -> (...,), the first column over the last."""
    found: Floats = sums[..., 0] / sums[..., -1]
    return found


def score(parts: Floats, combine: Combine = ratio, groups: Groups | None = None, *, fraction: bool = False) -> Estimate:
    """`combine` of the sums of parts, with a percentile bootstrap interval over groups of examples.

    The resampling is seeded, so equal parts give an equal interval. Beyond `BINS` groups, group i is counted in bin i
    mod `BINS` and the bins are resampled in their stead, which keeps the time constant.

    Where all groups that were asked agree, resampling finds no spread, and few examples say little all the same. A
    fraction then gets Wilson's interval for so many groups; another score the interval that one more group would make
    that is off by the score itself, or by one unit if that is more.

    Args:
        parts: (n, K) of each example; the last column is its weight, 0 where it was not asked.
        combine: sums (..., K) to scores (...,).
        groups: examples of equal number depend on one another and are drawn together; without it each is its own.
        fraction: whether the score lies between 0 and 1.
    """
    assert len(parts) > 0 and parts[:, -1].sum() > 0, "nothing was asked"
    places = np.arange(len(parts)) if groups is None else _by_appearance(groups)
    units = np.stack([np.bincount(places % BINS, weights=column) for column in parts.T], axis=1)  # (u, K)
    value = float(combine(parts.sum(0)))
    with np.errstate(divide="ignore", invalid="ignore"):  # a resample may draw only what was not asked
        scores = combine(_resample_counts(len(units)) @ units)  # (resamples,)
    low, high = (float(bound) for bound in np.nanquantile(scores, (0.025, 0.975)))
    if high - low <= _NOTHING * max(1.0, abs(value)):
        asked = len(np.unique(places[parts[:, -1] > 0]))
        low, high = _wilson(value, asked) if fraction else _one_more(value, asked)
    return Estimate(value=value, low=min(value, low), high=max(value, high))


def _by_appearance(groups: Groups) -> Groups:
    """Numbers from 0 in the order in which groups appear."""
    _, first, number = np.unique(groups, return_index=True, return_inverse=True)
    return first.argsort().argsort()[number]


def _wilson(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share seen in n units. Source: Wilson 1927."""
    scale, half = 1 + _Z**2 / n, _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    centre = share + _Z**2 / (2 * n)
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def _one_more(value: float, n: int) -> tuple[float, float]:
    half = max(abs(value), 1.0) / (n + 1)
    return value - half, value + half


@lru_cache(maxsize=4)
def _resample_counts(n: int) -> Floats:
    """How often each of n units is drawn in each resample, (RESAMPLES, n)."""
    drawn = np.random.default_rng(_SEED).integers(0, n, (RESAMPLES, n))
    flat = (drawn + n * np.arange(RESAMPLES)[:, None]).ravel()
    return np.bincount(flat, minlength=RESAMPLES * n).reshape(RESAMPLES, n).astype(np.float64)
