"""What a predictor of another device says, raised to a power and scaled."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from paretoformer.hardware_models.predictors.contract import Law, Predictor
from paretoformer.hardware_models.predictors.registry import register_predictor
from paretoformer.hardware_models.tables.features import Features, Floats


@dataclass(frozen=True, kw_only=True)
class RescaledLaw(Law):
    """`scale` times the other device's cost to the `power`."""

    scale: float
    power: float

    def predict(self, features: Features) -> Floats:
        """Costs of each row."""
        assert features.prior is not None, "rows come with what the other device's predictor says of them"
        return self.scale * features.prior**self.power

    def to_json(self) -> dict[str, Any]:
        """Scale and power."""
        return {"scale": self.scale, "power": self.power}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(scale=value["scale"], power=value["power"])

    def lines(self) -> list[str]:
        """The law."""
        return [f"{self.scale:.4g} x (other device)^{self.power:.3g}"]


@register_predictor
@dataclass(frozen=True, kw_only=True)
class Rescaled(Predictor):
    """A straight line in logarithms: enough where the new device is a faster or slower one of the same kind."""

    name: ClassVar[str] = "rescaled"
    title: ClassVar[str] = "the other device's, scaled and raised to a power"
    law: ClassVar[type[Law]] = RescaledLaw
    needs_prior: ClassVar[bool] = True

    def learn(self, features: Features, target: Floats, seed: int) -> RescaledLaw:
        """Least squares of logarithms; a power of 1 where the other device sees no difference."""
        assert features.prior is not None, "rows come with what the other device's predictor says of them"
        prior, cost = np.log(features.prior), np.log(target)
        spread = float(np.sum((prior - prior.mean()) ** 2))
        power = float(np.sum((prior - prior.mean()) * (cost - cost.mean())) / spread) if spread > 0 else 1.0
        return RescaledLaw(scale=float(np.exp(cost.mean() - power * prior.mean())), power=power)
