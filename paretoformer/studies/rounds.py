"""Rounds of visits: stored as they are made, and put together to measurements."""

from dataclasses import dataclass, replace
from typing import Any

from paretoformer.hardware_models.calibration import Calibration
from paretoformer.hardware_models.devices import Device
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.hardware_models.reference import reference_for
from paretoformer.records.measurement import OUTSIDE, Measurement
from paretoformer.records.target import Target
from paretoformer.store import Store
from paretoformer.store.rows import CalibrationKey, MeasurementKey
from paretoformer.studies.stations import Station

CALIBRATION_VISITS = 4
BROKEN = {"noisy": True, "lease_broken": True}
REMEASURED = "remeasured"
"""What visits that were made anew at the end of a study, and the measurements put together from them, say in their conditions."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """A meter and the filled target that it is wanted on."""

    meter: Meter
    target: Target


class Rounds:
    """Makes visits of subjects, whose rows are stored already, and no calibration that the store already has.

    Args:
        store: keeps visits, measurements and calibrations.
        station: who measures.
    """

    def __init__(self, store: Store, station: Station) -> None:
        self._store, self._station = store, station
        self._devices: dict[Target, Device] = {}

    def known(self, subject: Subject, need: Need) -> list[Measurement]:
        """What is stored of every quantity of the meter, made on this device by this version of the method; else nothing."""
        key = self._key(subject, need)
        quantities = need.meter.gives(need.target)
        found = [self._store.measurements.find(key, quantity) for quantity in quantities]
        return [measurement for measurement in found if measurement] if all(found) else []

    def gating(self, subject: Subject, need: Need, trial: int | None) -> tuple[Measurement, ...]:
        """From the stored visits and as many new ones as gating asks for; stored are the visits alone."""
        visits = self._stored(subject, need, again=False)
        return self._put_together(subject, need, visits, need.meter.visits_before, trial, {})

    def whole(
        self, subject: Subject, need: Need, trial: int | None = None, *, again: bool = False
    ) -> tuple[Measurement, ...]:
        """From whole rounds, and stored; `again` from visits alone that are made for measuring anew."""
        visits = self._stored(subject, need, again=again)
        return self._kept(subject, need, visits, trial, {REMEASURED: True} if again else {})

    def outside(self, subject: Subject, need: Need) -> tuple[Measurement, ...]:
        """From new visits alone, and stored as made outside any study."""
        return self._kept(subject, need, [], None, {OUTSIDE: True})

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

    def _stored(self, subject: Subject, need: Need, *, again: bool) -> list[Visit]:
        visits = [Visit.from_json(row.result) for row in self._store.visits.find(self._key(subject, need))]
        return [visit for visit in visits if bool(visit.conditions.get(REMEASURED)) is again]

    def _kept(
        self, subject: Subject, need: Need, visits: list[Visit], trial: int | None, mark: dict[str, Any]
    ) -> tuple[Measurement, ...]:
        """A round, and further rounds while it is noisy, up to the meter's bound."""
        meter = need.meter
        found = self._put_together(subject, need, visits, meter.visits, trial, mark)
        while any(each.noisy for each in found) and len(visits) < meter.rounds * meter.visits:
            enough = min(len(visits) + meter.visits, meter.rounds * meter.visits)
            found = self._put_together(subject, need, visits, enough, trial, mark)
        self._store.measurements.add(self._key(subject, need), found)
        return found

    def _put_together(
        self, subject: Subject, need: Need, visits: list[Visit], enough: int, trial: int | None, mark: dict[str, Any]
    ) -> tuple[Measurement, ...]:
        """Add visits until there are `enough`. Those in which the lease was broken count where a round of others is missing."""
        meter = need.meter
        while len(visits) < enough:
            visit = self._station.visit(meter, subject, need.target)
            visit = replace(visit, conditions={**visit.conditions, **mark})
            self._store.visits.add(self._key(subject, need), visit.to_json(), trial=trial)
            visits.append(visit)
        newest = visits[-meter.rounds * meter.visits :]
        calm = [visit for visit in newest if not visit.conditions.get("lease_broken")]
        used = calm if len(calm) >= meter.visits else newest
        flags = {**mark, **({} if used is calm or len(calm) == len(newest) else BROKEN)}
        measurements = meter.summarise(used, self.calibration(subject, need))
        return tuple(replace(each, conditions={**each.conditions, **flags}) for each in measurements)

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
