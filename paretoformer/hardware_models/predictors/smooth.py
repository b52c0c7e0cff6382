"""A Gaussian process on logarithms: products are planes there, and a device's bends are smooth."""

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from paretoformer.hardware_models.predictors.contract import Law, Predictor
from paretoformer.hardware_models.predictors.registry import register_predictor
from paretoformer.hardware_models.tables.features import FeatureKind, Features, Floats

SEEN = (FeatureKind.NUMBER, FeatureKind.LEVEL, FeatureKind.SUM)
MOST_ROWS, TUNED_ROWS = 1_000, 300
"""Rows that are kept, and those by which length and noise are found; time grows with their cube."""


@dataclass(frozen=True, kw_only=True)
class Axes:
    """How features become coordinates: a logarithm of what is never negative (plus `shift`), then mean 0 and spread 1."""

    names: tuple[str, ...]
    shift: tuple[float | None, ...]
    middle: tuple[float, ...]
    scale: tuple[float, ...]

    @staticmethod
    def of(features: Features) -> "Axes":
        """Coordinates of features that are not the same everywhere. A shift is half the smallest number above 0."""
        seen = features.of(*SEEN)
        seen = seen.columns(np.flatnonzero(np.ptp(seen.values, axis=0) > 0).tolist())
        shift = tuple(
            float(column[column > 0].min()) / 2 if column.min() >= 0 and column.max() > 0 else None
            for column in seen.values.T
        )
        plain = Axes(names=seen.names, shift=shift, middle=(0.0,) * len(shift), scale=(1.0,) * len(shift))
        at = plain.coordinates(features)
        return Axes(
            names=seen.names, shift=shift, middle=tuple(at.mean(axis=0).tolist()), scale=tuple(at.std(axis=0).tolist())
        )

    def coordinates(self, features: Features) -> Floats:
        """Rows as points, (n, axes)."""
        found = features.named(self.names).values.copy()
        for place, shift in enumerate(self.shift):
            if shift is not None:
                found[:, place] = np.log(np.maximum(found[:, place], 0.0) + shift)
        return (found - np.array(self.middle)) / np.array(self.scale)


@dataclass(frozen=True, kw_only=True)
class SmoothLaw(Law):
    """exp(`middle` + the sum over `points` of `weights` times exp(-|x - point|^2 / (2 `length`^2)))."""

    axes: Axes
    points: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]
    length: float
    middle: float

    def predict(self, features: Features) -> Floats:
        """Costs of each row."""
        at, points = self.axes.coordinates(features), np.array(self.points).reshape(len(self.weights), -1)
        far = (at**2).sum(axis=1)[:, None] + (points**2).sum(axis=1) - 2 * at @ points.T
        near = np.exp(-np.maximum(far, 0.0) / (2 * self.length**2))
        return np.exp(self.middle + near @ np.array(self.weights))

    def to_json(self) -> dict[str, Any]:
        """Axes, points and weights."""
        return {
            "axes": {name: list(value) for name, value in vars(self.axes).items()},
            "points": [list(point) for point in self.points],
            "weights": list(self.weights),
            "length": self.length,
            "middle": self.middle,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            axes=Axes(**{name: tuple(each) for name, each in value["axes"].items()}),
            points=tuple(tuple(point) for point in value["points"]),
            weights=tuple(value["weights"]),
            length=value["length"],
            middle=value["middle"],
        )


@register_predictor
@dataclass(frozen=True, kw_only=True)
class Smooth(Predictor):
    """A Gaussian process with one length and noise, found by the likelihood (Rasmussen and Williams 2006, chapters 2 and 5).

    Best where costs span decades and where the larger of two costs counts, as compute or memory on a roofline.
    """

    name: ClassVar[str] = "smooth"
    title: ClassVar[str] = "Gaussian process on logarithms"
    law: ClassVar[type[Law]] = SmoothLaw

    def learn(self, features: Features, target: Floats, seed: int) -> SmoothLaw:
        """Weights of a sample of the rows."""
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

        axes = Axes.of(features)
        kept = np.random.default_rng(seed).permutation(len(features))[:MOST_ROWS]
        points, cost = axes.coordinates(features.rows(kept)), np.log(target[kept])
        middle = float(cost.mean())
        start = ConstantKernel(1.0, (1e-3, 1e4)) * RBF(3.0, (1e-1, 1e3)) + WhiteKernel(1e-2, (1e-7, 1e1))
        tuned = GaussianProcessRegressor(start)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a bound that is reached is an answer too
            tuned.fit(points[:TUNED_ROWS], cost[:TUNED_ROWS] - middle)
            whole = GaussianProcessRegressor(tuned.kernel_, optimizer=None).fit(points, cost - middle)
        product = whole.kernel_.k1
        return SmoothLaw(
            axes=axes,
            points=tuple(tuple(point) for point in points.tolist()),
            weights=tuple((product.k1.constant_value * whole.alpha_).tolist()),
            length=float(product.k2.length_scale),
            middle=middle,
        )
