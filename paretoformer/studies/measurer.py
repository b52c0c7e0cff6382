"""A trial's costs on its targets: what gates before its training, and all of it after."""

from collections.abc import Callable, Iterator, Sequence

from paretoformer.hardware_models.meters.base import Subject
from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.store import Store
from paretoformer.studies.rounds import Need, Rounds, is_remeasured
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.stations import Station

Costs = dict[tuple[str, str], Measurement]
"""Measurement by (quantity, target as text)."""


class Measurer:
    """Makes the visits that a study's costs need, and no visit that the store already has.

    Args:
        store: keeps visits, measurements and calibrations.
        spec: names costs and targets.
        station: who measures.
    """

    def __init__(self, store: Store, spec: StudySpec, station: Station) -> None:
        self._spec, self._rounds = spec, Rounds(store, station)
        self.needs = tuple(_needs(spec, station))

    def before_training(self, subject: Subject, trial: int | None = None) -> Costs:
        """Costs from the visits that gate."""
        return self._costs(lambda need: self._rounds.gating(subject, need, trial), subject)

    def after_training(self, subject: Subject, trial: int | None = None) -> Costs:
        """Costs from all visits; stored as measurements, and read back where they are known already."""
        return self._costs(lambda need: self._rounds.whole(subject, need, trial), subject)

    @property
    def remeasurable(self) -> tuple[Need, ...]:
        """What measures an objective, so that a front member may have been chosen for luck in it."""
        wanted = {(column.name, column.target) for column in self._spec.columns}
        return tuple(
            need
            for need in self.needs
            if need.meter.provenance is Provenance.MEASURED
            and any((quantity, need.target) in wanted for quantity in need.meter.gives(need.target))
        )

    def is_remeasured(self, subject: Subject, need: Need) -> bool | None:
        """Whether the newest figures come from `remeasure`; None where there are none of this device and method."""
        known = self._rounds.known(subject, need)
        return all(map(is_remeasured, known)) if known else None

    def remeasure(self, subject: Subject, need: Need, trial: int | None = None) -> None:
        """Put the figures from a full round of new visits, and of these alone, in the place of those that are known.

        A round that was broken off is gone on with.

        Raises:
            MeasuringFailed, Unavailable: a visit came to nothing; the known figures stay.
        """
        self._rounds.whole(subject, need, trial, again=True)

    def _costs(self, made: Callable[[Need], Sequence[Measurement]], subject: Subject) -> Costs:
        found: Costs = {}
        for need in self.needs:
            for measurement in self._rounds.known(subject, need) or made(need):
                found[measurement.quantity, str(need.target)] = measurement
        return found


def _needs(spec: StudySpec, station: Station) -> Iterator[Need]:
    """One for each meter and target: a visit may give several quantities."""
    seen = set()
    for name, target in spec.target_costs:
        meter = station.meter(name, target)
        if (meter.method, target) not in seen:
            seen.add((meter.method, target))
            yield Need(meter=meter, target=target)
