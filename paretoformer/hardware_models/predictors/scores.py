"""How good predictions are."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from paretoformer.hardware_models.tables.features import Floats, Mask


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Of `rows` rows. Errors are relative to what was measured; None where a figure says nothing.

    `tau_within_depth` is Kendall's tau-b among rows of equal depth, each depth weighing as much as it has pairs.
    `coverage` is the share of rows whose measured cost lies inside the predicted interval.
    """

    rows: int
    mape: float
    within_5: float
    within_10: float
    tau: float | None
    tau_within_depth: float | None
    coverage: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


def score(predicted: Floats, measured: Floats, depth: Floats | None, inside: Mask | None = None) -> Scores:
    """Scores of predictions (n,) of measured costs (n,), with the rows' depths and which lie inside their interval."""
    error = np.abs(predicted / measured - 1.0)
    return Scores(
        rows=len(measured),
        mape=float(error.mean()),
        within_5=float(np.mean(error <= 0.05)),
        within_10=float(np.mean(error <= 0.10)),
        tau=kendall(predicted, measured),
        tau_within_depth=None if depth is None else _within(predicted, measured, depth),
        coverage=None if inside is None else float(np.mean(inside)),
    )


def kendall(one: Floats, other: Floats) -> float | None:
    """Kendall's tau-b; None where either is the same everywhere."""
    from scipy.stats import kendalltau

    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    found = float(kendalltau(one, other).statistic)
    return found if math.isfinite(found) else None


def _within(predicted: Floats, measured: Floats, depth: Floats) -> float | None:
    """A depth in which all predictions are equal ranks nothing, and counts as 0."""
    pairs, total = 0, 0.0
    for each in np.unique(depth):
        here = depth == each
        if here.sum() > 1 and np.ptp(measured[here]) > 0:
            weight = int(here.sum()) * (int(here.sum()) - 1) // 2
            pairs += weight
            total += weight * (kendall(predicted[here], measured[here]) or 0.0)
    return total / pairs if pairs else None
