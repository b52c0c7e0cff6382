"""The physical law, and boosted trees for what it gets wrong."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from paretoformer.hardware_models.predictors.contract import Law, Predictor
from paretoformer.hardware_models.predictors.physical import Physical, PhysicalLaw
from paretoformer.hardware_models.predictors.registry import register_predictor
from paretoformer.hardware_models.predictors.trees import Growth, Trees, grow
from paretoformer.hardware_models.tables.features import Features, Floats


@dataclass(frozen=True, kw_only=True)
class CorrectedLaw(Law):
    """A physical law times the exponential of what the trees say."""

    physical: PhysicalLaw
    trees: Trees

    def predict(self, features: Features) -> Floats:
        """Costs of each row."""
        return self.physical.predict(features) * np.exp(self.trees.predict(features))

    def to_json(self) -> dict[str, Any]:
        """Both parts."""
        return {"physical": self.physical.to_json(), "trees": self.trees.to_json()}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(physical=PhysicalLaw.from_json(value["physical"]), trees=Trees.from_json(value["trees"]))

    def lines(self) -> list[str]:
        """The physical part."""
        return [*self.physical.lines(), "times boosted trees"]


@register_predictor
@dataclass(frozen=True, kw_only=True)
class Corrected(Predictor):
    """Small trees on the logarithm of measured over physical, absolute error.

    They say where sums of products do not describe the device.
    """

    name: ClassVar[str] = "corrected"
    title: ClassVar[str] = "physical, corrected by boosted trees"
    law: ClassVar[type[Law]] = CorrectedLaw
    fewest: ClassVar[int] = 40
    growth: Growth = Growth(trees=150, leaves=8)

    def learn(self, features: Features, target: Floats, seed: int) -> CorrectedLaw:
        """The physical law first, then the trees."""
        physical = Physical().learn(features, target, seed)
        left = np.log(target) - np.log(physical.predict(features))
        return CorrectedLaw(physical=physical, trees=grow(features, left, seed, self.growth))
