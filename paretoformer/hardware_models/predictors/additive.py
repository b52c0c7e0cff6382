"""A weighted sum of the features, pulled towards the middle as far as rows left out say."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.linear_model import RidgeCV

from paretoformer.hardware_models.predictors.contract import FLOOR_SHARE, Law, Predictor
from paretoformer.hardware_models.predictors.linear import SEEN, LinearLaw
from paretoformer.hardware_models.predictors.registry import register_predictor
from paretoformer.hardware_models.tables.features import Features, Floats

STRENGTHS = np.logspace(-6, 3, 28)
"""Of the pull, tried on rows left out one by one."""


@register_predictor
@dataclass(frozen=True, kw_only=True)
class Additive(Predictor):
    """Ridge regression of the relative error: for costs that fall with a feature, or in which words have a price each."""

    name: ClassVar[str] = "additive"
    title: ClassVar[str] = "ridge regression on columns and sums over layers"
    law: ClassVar[type[Law]] = LinearLaw

    def learn(self, features: Features, target: Floats, seed: int) -> LinearLaw:
        """Weights of columns and sums over layers."""
        seen = features.of(*SEEN)
        middle, scale = seen.values.mean(axis=0), seen.values.std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        found = RidgeCV(alphas=STRENGTHS).fit((seen.values - middle) / scale, target, (target.mean() / target) ** 2)
        weights = found.coef_ / scale
        return LinearLaw(
            names=seen.names,
            weights=tuple(weights.tolist()),
            intercept=float(found.intercept_ - weights @ middle),
            floor=FLOOR_SHARE * float(target.min()),
        )
