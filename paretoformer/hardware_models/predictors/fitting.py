"""A predictor fitted to rows: its law, how good it is on rows left out, and the interval that follows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from paretoformer.hardware_models.predictors.contract import Law, Predictor
from paretoformer.hardware_models.predictors.registry import predictor
from paretoformer.hardware_models.predictors.scores import Scores, score
from paretoformer.hardware_models.tables.features import Features, Floats, Mask
from paretoformer.records.errors import UserError

LEVEL = 0.9
"""Share of rows that an interval is meant to hold."""
FOLDS, FEW_FOLDS, FEW_ROWS = 5, 10, 60
"""Folds of the cross-validation; more of them up to FEW_ROWS rows, which leaves more rows to learn from."""


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Costs (n,) with the ends of their intervals; their provenance is `predicted`."""

    value: Floats
    low: Floats
    high: Floats

    def holds(self, measured: Floats) -> Mask:
        """Which measured costs lie inside their interval."""
        return (self.low <= measured) & (measured <= self.high)


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A law, and the factors (`low`, `high`) by which measured costs leave it in a share `level` of rows left out.

    `scores` are those of the folds that were left out.
    """

    name: str
    law: Law
    low: float
    high: float
    level: float
    scores: Scores

    @property
    def needs_prior(self) -> bool:
        """Whether it was learned from another device's predictor."""
        return predictor(self.name).needs_prior

    def predict(self, features: Features) -> Prediction:
        """Costs of each row, with intervals."""
        value = self.law.predict(features)
        return Prediction(value=value, low=value * self.low, high=value * self.high)

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object that `from_json` reads back."""
        return {
            "predictor": self.name,
            "law": self.law.to_json(),
            "interval": {"low": self.low, "high": self.high, "level": self.level},
            "scores": self.scores.to_json(),
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Fitted":
        """Read what `to_json` wrote."""
        law = predictor(value["predictor"]).law.from_json(value["law"])
        return Fitted(name=value["predictor"], law=law, **value["interval"], scores=Scores(**value["scores"]))


def fit(config: Predictor, features: Features, target: Floats, *, seed: int = 0, level: float = LEVEL) -> Fitted:
    """Learn a law from all rows, and its interval from folds that were left out in turn.

    The interval is conformal: where rows are exchangeable, a new one lies inside with probability `level`, up to what the folds'
    laws, learned from fewer rows, are worse than the final one (Vovk 2015, cross-conformal prediction). With so few rows that no
    quantile is that far out, it spans all that was seen, and its `level` says what that is worth.

    Raises:
        UserError: fewer rows than the predictor needs, or a cost that is not positive.
        Unavailable: a library that it needs is not installed.
    """
    if len(features) < config.fewest:
        raise UserError(f"Predictor {config.name} needs {config.fewest} rows, and there are {len(features)}.")
    if not np.all(np.isfinite(target) & (target > 0)):
        row = int(np.flatnonzero(~(np.isfinite(target) & (target > 0)))[0])
        raise UserError(f"Row {row + 1} has a cost of {target[row]:g}, and a cost to be predicted must be positive.")
    left_out = predict_left_out(config, features, target, seed)
    law = learn_alone(config, features, target, seed)
    low, high, reached = conformal_factors(target / left_out, level)
    inside = (low * left_out <= target) & (target <= high * left_out)
    return Fitted(
        name=config.name,
        law=law,
        low=low,
        high=high,
        level=reached,
        scores=score(left_out, target, features.depth, inside),
    )


def predict_left_out(config: Predictor, features: Features, target: Floats, seed: int) -> Floats:
    """What laws that were learned without a row's fold say of it, (n,)."""
    folds = FOLDS if len(target) > FEW_ROWS else min(FEW_FOLDS, len(target))
    fold = np.random.default_rng(seed).permutation(len(target)) % folds
    found = np.empty(len(target))
    for number in range(folds):
        out, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        found[out] = learn_alone(config, features.rows(rest), target[rest], seed).predict(features.rows(out))
    return found


def learn_alone(config: Predictor, features: Features, target: Floats, seed: int) -> Law:
    """Learn on one thread: matrices are small, other processes want the cores, and sums come out the same anywhere."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return config.learn(features, target, seed)


def conformal_factors(ratios: Floats, level: float) -> tuple[float, float, float]:
    """The low and the high quantile of measured over predicted, and the share of new rows that lies between them.

    Of n rows the k-th smallest ratio has k / (n + 1) of new ones below it.
    """
    ordered, n = np.sort(ratios), len(ratios)
    below = max(int(np.floor((n + 1) * (1 - level) / 2)), 1)
    above = min(int(np.ceil((n + 1) * (1 + level) / 2)), n)
    return float(ordered[below - 1]), float(ordered[above - 1]), (above - below) / (n + 1)
