"""The reference model's own time on a target: what turns a ratio into seconds."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Seconds of the reference by quantity, found once for a device and target, stored, and reused.

    It scales every latency of its target alike, so that its own error moves no front and is in no latency's interval.
    `reference` is the reference's name with its version, `reference_digest` the digest of its architecture.
    """

    target: str
    reference: str
    reference_digest: str
    seconds: Mapping[str, float]
    conditions: Mapping[str, Any] = field(default_factory=dict)

    def visits_s(self, quantity: str) -> list[float]:
        """Seconds by visit, which tell how sure those of the reference are; empty where they were not kept."""
        return list(self.conditions.get("visits_s", {}).get(quantity, []))

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object that `from_json` reads back."""
        return asdict(self)

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Calibration":
        """Read what `to_json` wrote."""
        return Calibration(**value)
