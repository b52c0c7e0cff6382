"""A weighted sum of the features as they are."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from paretoformer.hardware_models.predictors.contract import FLOOR_SHARE, Law, Predictor
from paretoformer.hardware_models.predictors.registry import register_predictor
from paretoformer.hardware_models.tables.features import FeatureKind, Features, Floats

SEEN = (FeatureKind.NUMBER, FeatureKind.LEVEL, FeatureKind.SUM)
"""What people would put into a linear model: columns, and sums over layers."""
RIDGE = 1e-6
"""Share of the rows' weight that pulls weights to 0, so that columns that repeat one another have a solution."""


@dataclass(frozen=True, kw_only=True)
class LinearLaw(Law):
    """`intercept` plus `weights` times the features of these names, at least `floor`."""

    names: tuple[str, ...]
    weights: tuple[float, ...]
    intercept: float
    floor: float

    def predict(self, features: Features) -> Floats:
        """Costs of each row."""
        return np.maximum(features.named(self.names).values @ np.array(self.weights) + self.intercept, self.floor)

    def to_json(self) -> dict[str, Any]:
        """Names, weights, intercept and floor."""
        return {
            "weights": dict(zip(self.names, self.weights, strict=True)),
            "intercept": self.intercept,
            "floor": self.floor,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        names, weights = tuple(value["weights"]), tuple(value["weights"].values())
        return cls(names=names, weights=weights, intercept=value["intercept"], floor=value["floor"])


@register_predictor
@dataclass(frozen=True, kw_only=True)
class Linear(Predictor):
    """Least squares of the relative error."""

    name: ClassVar[str] = "linear"
    title: ClassVar[str] = "linear in columns and sums over layers"
    law: ClassVar[type[Law]] = LinearLaw
    baseline: ClassVar[bool] = True

    def learn(self, features: Features, target: Floats, seed: int) -> LinearLaw:
        """Weights of columns and sums over layers."""
        seen = features.of(*SEEN)
        middle, scale = seen.values.mean(axis=0), seen.values.std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        rows = np.column_stack([np.ones(len(seen)), (seen.values - middle) / scale]) / target[:, None]
        square = rows.T @ rows
        square[np.diag_indices_from(square)] += RIDGE * np.trace(square) / len(square)
        first, *others = np.linalg.solve(square, rows.sum(axis=0))
        weights = np.array(others) / scale
        return LinearLaw(
            names=seen.names,
            weights=tuple(weights.tolist()),
            intercept=float(first - weights @ middle),
            floor=FLOOR_SHARE * float(target.min()),
        )
