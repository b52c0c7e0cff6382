from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from paretoformer.hardware_models.alternation import Pace
from paretoformer.hardware_models.measuring import calibrate, measure, take_visit
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.energy_model import EnergyModelMeter
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.hardware_models.reference import reference_for
from paretoformer.hardware_models.targets import fill
from paretoformer.records.target import parse_target


class Lease:
    """Counts how often it was taken."""

    taken = 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        self.taken += 1
        yield


def test_a_measurement_takes_the_lease_for_each_visit(text_subject: Subject, quick: Pace) -> None:
    target = fill(parse_target("cpu::::decode/1/8/4"), text_subject.signature)
    meter, lease = LatencyMeter(pace=quick), Lease()
    calibration = calibrate(
        target, text_subject.signature, meter=meter, visits=2, make_visit=partial(take_visit, lease=lease)
    )
    found = measure(meter, text_subject, target, calibration=calibration, make_visit=partial(take_visit, lease=lease))
    assert lease.taken == 2 + meter.visits_before + meter.visits_after
    assert [measurement.quantity for measurement in found] == ["latency", "first_token"]


def test_what_reads_a_source_is_measured_beside_a_reference_that_does_not(source_subject: Subject, quick: Pace) -> None:
    target, meter = fill(parse_target("cpu::::prefill/1/8"), source_subject.signature), LatencyMeter(pace=quick)
    calibration = calibrate(target, source_subject.signature, meter=meter, visits=2)
    (found,) = measure(meter, source_subject, target, calibration=calibration)
    assert found.value > 0


def test_what_is_only_computed_takes_no_lease(text_subject: Subject) -> None:
    lease = Lease()
    take_visit(EnergyModelMeter(), text_subject, fill(parse_target("cpu"), text_subject.signature), lease=lease)
    assert lease.taken == 0


@pytest.mark.slow
@pytest.mark.parametrize("workload", ["prefill/1/24", "decode/1/8/16"])
def test_the_reference_measured_beside_itself_has_the_ratio_one(text_subject: Subject, workload: str) -> None:
    target = fill(parse_target(f"cpu::::{workload}"), text_subject.signature)
    assert target.workload
    reference = reference_for(text_subject.signature, target.workload).architecture
    calibration = calibrate(target, text_subject.signature)
    subject = Subject(architecture=reference, signature=text_subject.signature)
    for found in measure(LatencyMeter(), subject, target, calibration=calibration):
        assert found.value == pytest.approx(calibration.seconds[found.quantity], rel=0.1)
