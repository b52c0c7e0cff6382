"""Boosted trees of LightGBM, kept as its text."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from paretoformer.hardware_models.tables.features import FeatureKind, Features, Floats
from paretoformer.records.errors import Unavailable, UserError

SEEN_BY_TREES = (FeatureKind.NUMBER, FeatureKind.LEVEL, FeatureKind.SUM, FeatureKind.PLACE)
"""Hats and levels of places repeat what numbers and places say."""
MISSING = "lightgbm is not installed: pip install 'paretoformer[predict]'"


@dataclass(frozen=True)
class Trees:
    """Trees over the features of these names; what they say is the logarithm of a cost or of a ratio of costs."""

    names: tuple[str, ...]
    text: str

    def predict(self, features: Features) -> Floats:
        """What the trees say of each row."""
        values: Floats = self._booster.predict(features.named(self.names).values, num_threads=1)
        return values

    def to_json(self) -> dict[str, Any]:
        """Names and text."""
        return {"names": list(self.names), "text": self.text}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(tuple(value["names"]), value["text"])

    @cached_property
    def _booster(self) -> Any:
        try:
            import lightgbm
        except ImportError as error:
            raise UserError(f"The predictor has boosted trees, and {MISSING}.") from error
        try:
            return lightgbm.Booster(model_str=self.text)
        except lightgbm.basic.LightGBMError as error:
            raise UserError(f"The predictor's trees cannot be read: {error}.") from error


@dataclass(frozen=True, kw_only=True)
class Growth:
    """How many trees of how many leaves, and how much of each is taken."""

    trees: int
    leaves: int
    learning_rate: float = 0.05


def grow(
    features: Features, target: Floats, seed: int, growth: Growth, increasing: frozenset[str] | None = None
) -> Trees:
    """Trees of a target; the same for the same seed.

    Args:
        features: what they look at.
        target: logarithms (n,).
        seed: of the trees.
        growth: how far they grow.
        increasing: features in which they must not fall. Where it is given the squared error is kept small, else the
            absolute one, with which LightGBM takes no such wish.

    Raises:
        Unavailable: LightGBM is not installed.
    """
    try:
        import lightgbm
    except ImportError as error:
        raise Unavailable(MISSING) from error
    seen = features.of(*SEEN_BY_TREES)
    seen = seen.columns(np.flatnonzero(np.ptp(seen.values, axis=0) > 0).tolist() or [0])
    parameters = {
        **(
            {"objective": "regression_l1"}
            if increasing is None
            else {"objective": "regression", "monotone_constraints": [int(name in increasing) for name in seen.names]}
        ),
        "num_leaves": growth.leaves,
        "learning_rate": growth.learning_rate,
        "min_data_in_leaf": max(2, min(10, math.isqrt(len(target)) // 2)),
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbose": -1,
    }
    data = lightgbm.Dataset(seen.values, label=target, params={"verbose": -1, "min_data_in_bin": 1})
    booster = lightgbm.train(parameters, data, num_boost_round=growth.trees)
    return Trees(seen.names, booster.model_to_string())
