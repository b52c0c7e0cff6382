"""A cost as a record: what was counted, measured, predicted or modelled, how, and how sure it is."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Provenance(StrEnum):
    """Where a cost comes from; fixed for each objective when a study is made."""

    COUNTED = "counted"
    MEASURED = "measured"
    PREDICTED = "predicted"
    MODELLED = "modelled"


OUTSIDE = "outside_study"
"""The condition of a measurement that was made outside any study."""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One quantity of one model on one target; never a bare float.

    `value` is the headline in the base unit, `low` and `high` its interval; `samples` are what it was made of.
    `conditions` says under what circumstances (threads, load, versions, raw times) and is plain JSON.
    """

    quantity: str
    unit: str
    value: float
    low: float
    high: float
    samples: tuple[float, ...]
    provenance: Provenance
    method: str
    method_version: int
    target: str
    conditions: dict[str, Any] = field(default_factory=dict)

    @property
    def made_by(self) -> str:
        """The method with its version, as in `paired-ratio 2`."""
        return f"{self.method} {self.method_version}"

    @property
    def spread(self) -> float | None:
        """Half-range of the middle 90 % of the samples, in % of the median; None, unknown, for a single sample."""
        return spread_percent(self.samples) if len(self.samples) > 1 else None

    @property
    def noisy(self) -> bool:
        """Whether the measurer flagged that its visits or clocks disagree."""
        return bool(self.conditions.get("noisy", False))

    @property
    def outside(self) -> bool:
        """Whether it was made outside any study: those of studies go before it, so that it changes no front that is there."""
        return bool(self.conditions.get(OUTSIDE, False))


def spread_percent(samples: tuple[float, ...]) -> float:
    """Half-range of the middle 90 % of two or more samples in % of their median (linear interpolation of quantiles)."""
    assert len(samples) > 1, "one sample has no spread"
    ordered = sorted(samples)
    median = _quantile(ordered, 0.5)
    return 100.0 * (_quantile(ordered, 0.95) - _quantile(ordered, 0.05)) / 2 / median if median else 0.0


def _quantile(ordered: list[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
