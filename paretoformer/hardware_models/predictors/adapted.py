"""What a predictor of another device says, times a physical law of how the two differ."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from paretoformer.hardware_models.predictors.contract import Law, Predictor
from paretoformer.hardware_models.predictors.physical import Physical, PhysicalLaw
from paretoformer.hardware_models.predictors.registry import register_predictor
from paretoformer.hardware_models.tables.features import Features, Floats


@dataclass(frozen=True, kw_only=True)
class AdaptedLaw(Law):
    """The other device's cost times a non-negative sum of products."""

    ratio: PhysicalLaw

    def predict(self, features: Features) -> Floats:
        """Costs of each row."""
        assert features.prior is not None, "rows come with what the other device's predictor says of them"
        return features.prior * self.ratio.predict(features)

    def to_json(self) -> dict[str, Any]:
        """The law of the ratio."""
        return self.ratio.to_json()

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(ratio=PhysicalLaw.from_json(value))

    def lines(self) -> list[str]:
        """The law of the ratio."""
        return ["(other device) times the sum of", *self.ratio.lines()]


@register_predictor
@dataclass(frozen=True, kw_only=True)
class Adapted(Predictor):
    """The ratio of two devices varies less than a cost does, so that few rows show it."""

    name: ClassVar[str] = "adapted"
    title: ClassVar[str] = "the other device's, times a physical law of the ratio"
    law: ClassVar[type[Law]] = AdaptedLaw
    needs_prior: ClassVar[bool] = True

    def learn(self, features: Features, target: Floats, seed: int) -> AdaptedLaw:
        """The physical law of measured over the other device's."""
        assert features.prior is not None, "rows come with what the other device's predictor says of them"
        return AdaptedLaw(ratio=Physical().learn(features, target / features.prior, seed))
