"""What meters that only compute have in common."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from paretoformer.hardware_models.calibration import Calibration
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.records.costs import COSTS
from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.records.target import Target

OWN = "own"
"""The conditions of single quantities, by their names."""


@dataclass(frozen=True, kw_only=True)
class ModelledMeter(Meter):
    """A meter whose visit is a computation: made anywhere, the same each time, and with an error that is not known."""

    provenance: ClassVar[Provenance] = Provenance.MODELLED
    fresh: ClassVar[bool] = False

    @abstractmethod
    def modelled(self, subject: Subject, target: Target) -> tuple[dict[str, float], dict[str, Any]]:
        """The readings by quantity, and what they were made of; what concerns one quantity alone stands under `OWN` and its name."""

    def prepare(self, subject: Subject, target: Target) -> Callable[[], Visit]:
        """Compute; nothing is built."""
        readings, conditions = self.modelled(subject, target)
        visit = Visit(
            method=self.method,
            method_version=self.method_version,
            target=str(target),
            readings=readings,
            conditions=conditions,
        )
        return lambda: visit

    def summarise(self, visits: Sequence[Visit], calibration: Calibration | None = None) -> tuple[Measurement, ...]:
        """What was computed, without an interval; see the contract."""
        target = self.of_one_subject(visits)
        shared = {name: value for name, value in visits[0].conditions.items() if name != OWN}
        own = visits[0].conditions.get(OWN, {})
        return tuple(
            Measurement(
                quantity=quantity,
                unit=COSTS[quantity].unit,
                value=float(value),
                low=float(value),
                high=float(value),
                samples=(float(value),),
                provenance=self.provenance,
                method=self.method,
                method_version=self.method_version,
                target=target,
                conditions={**shared, **own.get(quantity, {})},
            )
            for quantity, value in visits[0].readings.items()
        )
