"""A cost as a sum of terms that can only add to it."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from paretoformer.hardware_models.predictors import terms as products
from paretoformer.hardware_models.predictors.contract import FLOOR_SHARE, Law, Predictor
from paretoformer.hardware_models.predictors.nonnegative import fit_nonnegative
from paretoformer.hardware_models.predictors.registry import register_predictor
from paretoformer.hardware_models.predictors.terms import Factor, Term
from paretoformer.hardware_models.tables.features import Features, Floats

MOST_ROWS = 20_000
"""Rows that are learned from; of more a sample is taken."""
FEW_ROWS = 1_000
"""Rows up to which it is tried out how many terms may be looked at, and how much each must help."""
SIMPLER = ((1.5, 0.0), (1.5, 1.0), (3.0, 0.0), (3.0, 0.5))
"""What is tried: terms for each row, and the strictness with which they enter."""
FEWEST_TERMS = 20
FOLDS = 3


@dataclass(frozen=True, kw_only=True)
class PhysicalLaw(Law):
    """The sum of `weights` times `terms`, at least `floor`; what adds most to a mean row comes first."""

    terms: tuple[Term, ...]
    weights: tuple[float, ...]
    floor: float

    def predict(self, features: Features) -> Floats:
        """The sum of each row."""
        return np.maximum(products.values(features, self.terms) @ np.array(self.weights), self.floor)

    def to_json(self) -> dict[str, Any]:
        """Weights beside the factors of their terms."""
        sums = [
            {"weight": weight, "factors": [[f.feature, f.power, f.bound] for f in term]}
            for weight, term in zip(self.weights, self.terms, strict=True)
        ]
        return {"sum": sums, "floor": self.floor}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            terms=tuple(tuple(Factor(*factor) for factor in each["factors"]) for each in value["sum"]),
            weights=tuple(each["weight"] for each in value["sum"]),
            floor=value["floor"],
        )

    def lines(self) -> list[str]:
        """A line for each term."""
        return [f"{w:.4g} x {products.written(t)}" for w, t in zip(self.weights, self.terms, strict=True)]


@register_predictor
@dataclass(frozen=True, kw_only=True)
class Physical(Predictor):
    """Non-negative weights of products of features that keep the absolute relative error small.

    A cost is a sum of work done, and work adds up: operations of layers, bytes moved, launches. Weights below 0 would say that work
    saves time, which a fit of noise does and a device does not.
    """

    name: ClassVar[str] = "physical"
    title: ClassVar[str] = "non-negative sum of products"
    law: ClassVar[type[Law]] = PhysicalLaw

    def learn(self, features: Features, target: Floats, seed: int) -> PhysicalLaw:
        """Weights of the natural terms; most are 0 and left out."""
        floor = FLOOR_SHARE * float(target.min())
        if len(features) > MOST_ROWS:
            kept = np.random.default_rng(seed).permutation(len(features))[:MOST_ROWS]
            features, target = features.rows(kept), target[kept]
        few = len(features) <= FEW_ROWS
        most = max(_terms(len(features), rate) for rate, _ in SIMPLER) if few else None
        candidates = products.natural_terms(features)[:most]
        columns = products.values(features, candidates)
        most, strictness = _simplicity(columns, target, seed) if few else (len(candidates), 0.0)
        weights = fit_nonnegative(columns[:, :most], target, strictness)
        share = weights * columns[:, : len(weights)].mean(axis=0)
        used = np.argsort(-share, kind="stable")[: np.count_nonzero(weights)]
        return PhysicalLaw(
            terms=tuple(candidates[place] for place in used),
            weights=tuple(float(weights[place]) for place in used),
            floor=floor,
        )


def _simplicity(columns: Floats, target: Floats, seed: int) -> tuple[int, float]:
    """How many of the terms, simple ones first, and which strictness predict folds that were left out best."""
    fold = np.random.default_rng(seed).permutation(len(target)) % FOLDS

    def error(most: int, strictness: float) -> float:
        total = 0.0
        for out in (fold == number for number in range(FOLDS)):
            weights = fit_nonnegative(columns[~out, :most], target[~out], strictness)
            total += float(np.abs(columns[out, :most] @ weights / target[out] - 1.0).sum())
        return total

    return min(((_terms(len(target), rate), strict) for rate, strict in SIMPLER), key=lambda setting: error(*setting))


def _terms(rows: int, rate: float) -> int:
    """Terms that so many rows may be asked about."""
    return max(int(rate * rows), FEWEST_TERMS)
