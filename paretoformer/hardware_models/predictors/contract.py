"""The contract of predictors: a config learns a law from rows; a law says what other rows cost."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from paretoformer.hardware_models.tables.features import Features, Floats

FLOOR_SHARE = 0.1
"""No law says less than this share of the smallest cost that it was learned from: a cost is positive."""


class Law(ABC):
    """What was learned: numbers, or a model's own text. Plain JSON there and back."""

    @abstractmethod
    def predict(self, features: Features) -> Floats:
        """Costs (n,), all positive, of rows that have the features of the fit."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """A plain JSON object that `from_json` reads back."""

    @classmethod
    @abstractmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""

    def lines(self) -> list[str]:
        """The law in words, a term each, where it has such a form."""
        return []


@dataclass(frozen=True, kw_only=True)
class Predictor(ABC):
    """A way of learning; fields are its settings.

    A `baseline` is what the others must beat, and is never chosen. One that `needs_prior` learns from another device's predictor.
    `fewest` rows are needed.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    law: ClassVar[type[Law]]
    baseline: ClassVar[bool] = False
    needs_prior: ClassVar[bool] = False
    fewest: ClassVar[int] = 8

    @abstractmethod
    def learn(self, features: Features, target: Floats, seed: int) -> Law:
        """A law of rows and their positive costs (n,), the same for the same seed.

        Raises:
            Unavailable: a library is not installed.
        """
