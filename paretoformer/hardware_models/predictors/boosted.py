"""Boosted trees on the logarithm of the cost."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from paretoformer.hardware_models.predictors.contract import Law, Predictor
from paretoformer.hardware_models.predictors.registry import register_predictor
from paretoformer.hardware_models.predictors.trees import Growth, Trees, grow
from paretoformer.hardware_models.tables.features import FeatureKind, Features, Floats

RISING = 0.3
"""Rank correlation with the cost from which a sum or a number is taken to raise it, never to lower it."""
FEW_ROWS = 1_000
"""Rows up to which trees are held to that; more rows say it themselves, and where it is not so."""


@dataclass(frozen=True, kw_only=True)
class BoostedLaw(Law):
    """The exponential of what the trees say."""

    trees: Trees

    def predict(self, features: Features) -> Floats:
        """Costs of each row."""
        return np.exp(self.trees.predict(features))

    def to_json(self) -> dict[str, Any]:
        """The trees."""
        return self.trees.to_json()

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(trees=Trees.from_json(value))


@register_predictor
@dataclass(frozen=True, kw_only=True)
class Boosted(Predictor):
    """LightGBM (Ke et al. 2017) on logarithms, squared error, never falling in what plainly raises the cost."""

    name: ClassVar[str] = "boosted"
    title: ClassVar[str] = "boosted trees on logarithms"
    law: ClassVar[type[Law]] = BoostedLaw
    fewest: ClassVar[int] = 40
    growth: Growth = Growth(trees=300, leaves=15)

    def learn(self, features: Features, target: Floats, seed: int) -> BoostedLaw:
        """Trees over numbers, sums, levels and places."""
        increasing = rising(features, target) if len(features) <= FEW_ROWS else frozenset[str]()
        return BoostedLaw(trees=grow(features, np.log(target), seed, self.growth, increasing))


def rising(features: Features, target: Floats) -> frozenset[str]:
    """The numbers and sums that plainly raise the cost in these rows."""
    from scipy.stats import rankdata

    seen = features.of(FeatureKind.NUMBER, FeatureKind.SUM)
    ranks = rankdata(np.column_stack([target, seen.values]), axis=0)
    ranks -= ranks.mean(axis=0)
    size = np.sqrt((ranks**2).sum(axis=0))
    shared = ranks[:, 1:].T @ ranks[:, 0] / np.where(size[1:] * size[0] > 0, size[1:] * size[0], 1.0)
    return frozenset(name for name, correlation in zip(seen.names, shared, strict=True) if correlation > RISING)
