"""From parts of examples to a score with its interval."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

RESAMPLES = 1_000
BINS = 2_000
"""The most units that are resampled; more examples than this are dealt to so many bins."""

_SEED = 20_240_229
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A weighted mean with its 95 % interval."""

    value: float
    low: float
    high: float


def score(values: Floats, weights: Floats) -> Estimate:
    """Sum of values over sum of weights, both (n,), with a percentile bootstrap interval over examples.

    The resampling is seeded, so equal parts give an equal interval. Beyond `BINS` examples, example i is counted in
    bin i mod `BINS` and the bins are resampled in their stead, which keeps the time constant.
    """
    assert len(values) == len(weights) > 0 and weights.sum() > 0, "nothing was asked"
    units = np.stack([_binned(values), _binned(weights)], axis=1)  # (u, 2)
    sums = _resample_counts(len(units)) @ units  # (resamples, 2)
    means = sums[:, 0] / np.where(sums[:, 1] > 0, sums[:, 1], np.nan)
    low, high = np.nanquantile(means, (0.025, 0.975))
    value = float(values.sum() / weights.sum())
    return Estimate(value=value, low=min(value, float(low)), high=max(value, float(high)))


def _binned(parts: Floats) -> Floats:
    return np.bincount(np.arange(len(parts)) % BINS, weights=parts).astype(np.float64)


@lru_cache(maxsize=4)
def _resample_counts(n: int) -> Floats:
    """How often each of n units is drawn in each resample, (RESAMPLES, n)."""
    drawn = np.random.default_rng(_SEED).integers(0, n, (RESAMPLES, n))
    flat = (drawn + n * np.arange(RESAMPLES)[:, None]).ravel()
    return np.bincount(flat, minlength=RESAMPLES * n).reshape(RESAMPLES, n).astype(np.float64)
