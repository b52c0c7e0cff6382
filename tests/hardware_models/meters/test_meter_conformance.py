"""Every registered meter keeps the contract, on every workload that it is available for."""

import json
from typing import Any

import pytest

from paretoformer.hardware_models.calibration import Calibration
from paretoformer.hardware_models.measuring import take_visit
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.hardware_models.meters.registry import meters, register_meter
from paretoformer.hardware_models.targets import fill
from paretoformer.records.costs import COSTS
from paretoformer.records.errors import Unavailable
from paretoformer.records.measurement import Provenance
from paretoformer.records.signature import Signature
from paretoformer.records.target import Target, parse_target

WORKLOADS = ["prefill/2/8", "decode/1/8/4"]
DEVICES = ["cpu", "raspberry-pi-4"]
"""One of this machine, and one that is known from a datasheet alone."""


@pytest.fixture(params=meters(), ids=lambda kind: kind.method)
def kind(request: pytest.FixtureRequest) -> type[Meter]:
    return request.param


@pytest.fixture
def meter(kind: type[Meter], quick: Any) -> Meter:
    return kind(**({"pace": quick} if kind is LatencyMeter else {}))


@pytest.fixture(params=WORKLOADS)
def target(request: pytest.FixtureRequest, kind: type[Meter], text_subject: Subject) -> Target:
    reasons = []
    for device in DEVICES:
        filled = fill(parse_target(f"{device}::::{request.param}"), text_subject.signature)
        try:
            kind().check(filled)
        except Unavailable as error:
            reasons.append(str(error))
        else:
            return filled
    pytest.skip("; ".join(reasons))


def test_nothing_is_measured_on_a_device_that_is_not_here(kind: type[Meter], text: Signature) -> None:
    target = fill(parse_target("raspberry-pi-4"), text)
    if kind.provenance is Provenance.MEASURED:
        with pytest.raises(Unavailable, match="nothing is run"):
            kind().check(target)
    else:
        kind().check(target)


def calibration(meter: Meter, visits: list[Visit]) -> Calibration | None:
    return meter.calibrate(visits) if isinstance(meter, LatencyMeter) else None


def test_settings_survive_json(meter: Meter) -> None:
    assert type(meter).from_json(json.loads(json.dumps(meter.to_json()))) == meter


def test_quantities_are_known_costs_of_targets(kind: type[Meter]) -> None:
    assert kind.quantities
    assert all(COSTS[quantity].per_target for quantity in kind.quantities)


def test_a_cost_is_gated_on_a_visit_at_least(kind: type[Meter]) -> None:
    assert kind.visits_before >= 1


def test_a_meter_does_not_count(kind: type[Meter]) -> None:
    assert kind.provenance is not Provenance.COUNTED


def test_a_visit_survives_json(meter: Meter, target: Target, text_subject: Subject) -> None:
    visit = meter.visit(text_subject, target)
    assert Visit.from_json(json.loads(json.dumps(visit.to_json(), allow_nan=False))) == visit


def test_what_reads_a_source_is_visited_like_any_other(meter: Meter, target: Target, source_subject: Subject) -> None:
    assert {*meter.visit(source_subject, target).readings} == {*meter.gives(target)}


def test_a_summary_has_each_quantity_of_the_workload_with_its_unit(
    meter: Meter, target: Target, text_subject: Subject
) -> None:
    visits = [meter.visit(text_subject, target) for _ in range(2)]
    found = meter.summarise(visits, calibration(meter, visits))
    assert {m.quantity: m.unit for m in found} == {name: COSTS[name].unit for name in meter.gives(target)}


def test_a_measurement_is_positive_and_within_its_interval(meter: Meter, target: Target, text_subject: Subject) -> None:
    visits = [take_visit(meter, text_subject, target) for _ in range(2)]
    for found in meter.summarise(visits, calibration(meter, visits)):
        assert 0 <= found.low <= found.value <= found.high
        assert found.value > 0


def test_a_measurement_says_how_it_was_made(meter: Meter, target: Target, text_subject: Subject) -> None:
    visits = [meter.visit(text_subject, target)]
    for found in meter.summarise(visits, calibration(meter, visits)):
        origin = (found.method, found.method_version, found.provenance, found.target)
        assert origin == (meter.method, meter.method_version, meter.provenance, str(target))


def test_a_much_larger_model_costs_more(
    meter: Meter, target: Target, text_subject: Subject, large_text_subject: Subject
) -> None:
    small, large = ([meter.visit(subject, target)] for subject in (text_subject, large_text_subject))
    scale = calibration(meter, small)
    pairs = zip(meter.summarise(small, scale), meter.summarise(large, scale), strict=True)
    assert all(less.value < more.value for less, more in pairs)


def test_no_visits_are_refused(meter: Meter) -> None:
    with pytest.raises(ValueError, match="visits of one target"):
        meter.summarise([])


def test_visits_of_another_version_are_refused(meter: Meter) -> None:
    old = Visit(method=meter.method, method_version=0, target="cpu", readings={})
    with pytest.raises(ValueError, match="cannot read visits"):
        meter.summarise([old])


def test_visits_of_two_targets_are_refused(meter: Meter) -> None:
    visits = [
        Visit(method=meter.method, method_version=meter.method_version, target=target, readings={})
        for target in ("cpu", "cuda")
    ]
    with pytest.raises(ValueError, match="visits of one target"):
        meter.summarise(visits)


def test_a_method_is_one_meters_alone(kind: type[Meter]) -> None:
    with pytest.raises(ValueError, match="registered twice"):
        register_meter(kind)
