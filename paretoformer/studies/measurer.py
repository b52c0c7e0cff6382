"""A trial's costs on its targets: visits under the lease, stored as they are made, put together at the end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from paretoformer.hardware_models.calibration import Calibration
from paretoformer.hardware_models.devices import Device
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.hardware_models.reference import reference_for
from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.records.target import Target
from paretoformer.store import Store
from paretoformer.store.rows import CalibrationKey, MeasurementKey
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.stations import Station

Costs = dict[tuple[str, str], Measurement]
"""Measurement by (quantity, target as text)."""

CALIBRATION_VISITS = 4
ROUNDS = 2
"""A measurement that comes out noisy is made once more, from new visits; the second is kept, noisy or not."""
BROKEN = {"noisy": True, "lease_broken": True}
REMEASURED = "remeasured"
"""What visits that were made anew at the end of a study, and the measurements put together from them, say in their conditions."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """A meter and the filled target that it is wanted on."""

    meter: Meter
    target: Target


class Measurer:
    """Makes the visits that a study's costs need, and no visit that the store already has.

    Args:
        store: keeps visits, measurements and calibrations.
        spec: names costs and targets.
        station: who measures.
    """

    def __init__(self, store: Store, spec: StudySpec, station: Station) -> None:
        self._store, self._spec, self._station = store, spec, station
        self._devices: dict[Target, Device] = {}
        self.needs = tuple(_needs(spec, station))

    def before_training(self, subject: Subject, trial: int | None = None) -> Costs:
        """Costs from the visits that gate."""
        return self._costs(subject, trial, lambda meter: meter.visits_before)

    def after_training(self, subject: Subject, trial: int | None = None) -> Costs:
        """Costs from all visits; stored as measurements, and read back where they are known already."""
        return self._costs(subject, trial, _all_visits, final=True)

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
        known = self._known(subject, need)
        return all(map(is_remeasured, known)) if known else None

    def remeasure(self, subject: Subject, need: Need, trial: int | None = None) -> None:
        """Put the figures from a full round of new visits, and of these alone, in the place of those that are known.

        A round that was broken off is gone on with.

        Raises:
            MeasuringFailed, Unavailable: a visit came to nothing; the known figures stay.
        """
        self._made(subject, need, trial, _all_visits(need.meter), final=True, again=True)

    def _costs(self, subject: Subject, trial: int | None, wanted: Callable[[Meter], int], final: bool = False) -> Costs:
        found: Costs = {}
        for need in self.needs:
            for measurement in self._known(subject, need) or self._made(
                subject, need, trial, wanted(need.meter), final=final
            ):
                found[measurement.quantity, str(need.target)] = measurement
        return found

    def _known(self, subject: Subject, need: Need) -> list[Measurement]:
        key = self._key(subject, need)
        quantities = need.meter.gives(need.target)
        found = [self._store.measurements.find(key, quantity) for quantity in quantities]
        return [measurement for measurement in found if measurement] if all(found) else []

    def _made(
        self,
        subject: Subject,
        need: Need,
        trial: int | None,
        least: int,
        *,
        final: bool,
        again: bool = False,
    ) -> tuple[Measurement, ...]:
        """From all visits, `again` from those alone that are made anew; at least `least` of them."""
        key = self._key(subject, need)
        whole = _all_visits(need.meter)
        stored = [Visit.from_json(row.result) for row in self._store.visits.find(key)]
        visits = [visit for visit in stored if bool(visit.conditions.get(REMEASURED)) is again]
        mark = {REMEASURED: True} if again else {}

        def summarised(enough: int) -> tuple[Measurement, ...]:
            while len(visits) < enough:
                visit = self._station.visit(need.meter, subject, need.target)
                visit = replace(visit, conditions={**visit.conditions, **mark})
                self._store.visits.add(key, visit.to_json(), trial=trial)
                visits.append(visit)
            newest = visits[-whole:]
            measurements = need.meter.summarise(newest, self.calibration(subject, need))
            broken = any(visit.conditions.get("lease_broken") for visit in newest)
            flags = {**mark, **(BROKEN if broken else {})}
            return tuple(replace(each, conditions={**each.conditions, **flags}) for each in measurements)

        measurements = summarised(least)
        if final:
            if any(each.noisy for each in measurements) and len(visits) < ROUNDS * whole:
                measurements = summarised(ROUNDS * whole)
            self._store.measurements.add(key, measurements)
        return measurements

    def calibration(self, subject: Subject, need: Need) -> Calibration | None:
        """The reference's own time, made beside `subject` the first time that it is asked for on a device."""
        meter = need.meter
        if not isinstance(meter, LatencyMeter):
            return None
        assert need.target.workload
        reference = reference_for(subject.signature, need.target.workload)
        key = CalibrationKey(
            device=self._device(need.target).digest,
            target=str(need.target),
            family=f"{reference} {subject.signature.digest[:16]}",
            method=meter.method,
            method_version=meter.method_version,
        )
        stored = self._store.calibrations.get(key)
        if stored is None:
            itself = Subject(architecture=reference.architecture, signature=reference.signature)
            visits = [self._station.visit(meter, itself, need.target) for _ in range(CALIBRATION_VISITS)]
            stored = self._store.calibrations.get_or_put(key, meter.calibrate(visits).to_json())
        return Calibration.from_json(stored)

    def _key(self, subject: Subject, need: Need) -> MeasurementKey:
        return MeasurementKey(
            architecture=subject.architecture.digest,
            signature=subject.signature.digest,
            device=self._device(need.target).digest,
            target=str(need.target),
            method=need.meter.method,
            method_version=need.meter.method_version,
        )

    def _device(self, target: Target) -> Device:
        if target not in self._devices:
            device = self._station.device(target)
            self._store.devices.put(device.digest, name=device.name, fingerprint=device.fingerprint)
            self._devices[target] = device
        return self._devices[target]


def is_remeasured(measurement: Measurement) -> bool:
    """Whether it was made anew at the end of a study."""
    return bool(measurement.conditions.get(REMEASURED))


def _all_visits(meter: Meter) -> int:
    return meter.visits_before + meter.visits_after


def _needs(spec: StudySpec, station: Station) -> Iterator[Need]:
    """One for each meter and target: a visit may give several quantities."""
    seen = set()
    for name, target in spec.target_costs:
        meter = station.meter(name, target)
        if (meter.method, target) not in seen:
            seen.add((meter.method, target))
            yield Need(meter=meter, target=target)
