"""What knowing the depth alone tells."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from paretoformer.hardware_models.predictors.contract import Law, Predictor
from paretoformer.hardware_models.predictors.registry import register_predictor
from paretoformer.hardware_models.tables.features import Features, Floats


@dataclass(frozen=True, kw_only=True)
class DepthLaw(Law):
    """A cost for each depth that was seen, straight lines between them; one cost where no depth is known."""

    depths: tuple[float, ...]
    costs: tuple[float, ...]

    def predict(self, features: Features) -> Floats:
        """Costs of each row."""
        depth = np.zeros(len(features)) if features.depth is None else features.depth
        return np.interp(depth, self.depths, self.costs)

    def to_json(self) -> dict[str, Any]:
        """Depths and costs."""
        return {"depths": list(self.depths), "costs": list(self.costs)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(depths=tuple(value["depths"]), costs=tuple(value["costs"]))


@register_predictor
@dataclass(frozen=True, kw_only=True)
class Depth(Predictor):
    """The median cost of each depth. On a GPU this may be nearly all that a predictor knows (time is launches)."""

    name: ClassVar[str] = "depth"
    title: ClassVar[str] = "median of each depth"
    law: ClassVar[type[Law]] = DepthLaw
    baseline: ClassVar[bool] = True

    def learn(self, features: Features, target: Floats, seed: int) -> DepthLaw:
        """Medians; of all rows where no depth is known."""
        depth = np.zeros(len(features)) if features.depth is None else features.depth
        depths = np.unique(depth)
        costs = tuple(float(np.median(target[depth == each])) for each in depths)
        return DepthLaw(depths=tuple(depths.tolist()), costs=costs)
