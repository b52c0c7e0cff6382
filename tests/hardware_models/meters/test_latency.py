from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.hardware_models.calibration import Calibration
from paretoformer.hardware_models.meters.base import Visit
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.records.measurement import Measurement

METER = LatencyMeter()
CALIBRATION = Calibration(
    target="cpu", reference="r-1", reference_digest="d", seconds={"latency": 0.004}, conditions={}
)


def visit(busy: float, wall: float | None = None, *, reference_s: float = 0.004, **conditions: Any) -> Visit:
    reading = {
        "busy_ratio": busy,
        "wall_ratio": busy if wall is None else wall,
        "model_wall_s": 1.0,
        "reference_busy_s": reference_s,
    }
    circumstances = {
        "reference": "r-1", "reference_digest": "d", "foreign_cores": 0.5, "threads": 1, "torch": "2", **conditions
    }  # fmt: skip
    return Visit(
        method=METER.method,
        method_version=METER.method_version,
        target="cpu",
        readings={"latency": reading},
        conditions=circumstances,
    )


def summary(*visits: Visit) -> Measurement:
    return METER.summarise(visits, CALIBRATION)[0]


def test_latency_is_the_mean_ratio_times_the_references_seconds() -> None:
    assert summary(visit(1.0), visit(3.0)).value == pytest.approx(2 * 0.004)


@settings(deadline=None, max_examples=50)
@given(ratios=st.lists(st.floats(0.01, 100), min_size=1, max_size=6))
def test_the_interval_reaches_over_every_visit_of_a_round_and_two_percent(ratios: list[float]) -> None:
    found = summary(*map(visit, ratios))
    assert found.low <= min(found.samples) and max(found.samples) <= found.high
    assert found.low <= 0.98 * found.value * (1 + 1e-9)
    assert found.high >= 1.02 * found.value * (1 - 1e-9)


def test_visits_that_agree_are_not_noisy() -> None:
    assert not summary(visit(1.0), visit(1.04)).noisy


def test_visits_that_disagree_are_noisy() -> None:
    assert summary(visit(1.0), visit(1.2)).noisy


def test_clocks_that_disagree_are_noisy() -> None:
    assert summary(visit(1.0, wall=1.4), visit(1.0, wall=1.4)).noisy


def test_one_disturbed_visit_of_two_rounds_moves_nothing() -> None:
    calm, disturbed = summary(*[visit(1.0)] * 8), summary(*[visit(1.0)] * 7, visit(3.0))
    assert (disturbed.value, disturbed.low, disturbed.high) == (calm.value, calm.low, calm.high)
    assert not disturbed.noisy and max(disturbed.samples) == pytest.approx(3 * calm.value)


def test_visits_that_fall_into_two_halves_stay_noisy_however_many() -> None:
    assert summary(*[visit(1.0), visit(1.2)] * 6).noisy


def test_a_measurement_keeps_how_far_the_references_visits_part_and_has_it_in_no_interval() -> None:
    unsure = replace(CALIBRATION, conditions={"visits_s": {"latency": [0.004, 0.006]}})
    found, surely = (METER.summarise([visit(1.0)], each)[0] for each in (unsure, CALIBRATION))
    assert found.conditions["reference_visits_s"] == [0.004, 0.006]
    assert (found.low, found.high) == (surely.low, surely.high)


def test_a_measurement_keeps_what_it_was_made_of() -> None:
    conditions = summary(visit(1.0, wall=1.1), visit(1.02, wall=1.1)).conditions
    assert conditions["busy_ratios"] == [1.0, 1.02]
    assert conditions["wall_ratios"] == [1.1, 1.1]
    assert conditions["foreign_cores"] == [0.5, 0.5]


@pytest.mark.parametrize(
    "calibration", [None, replace(CALIBRATION, target="cuda"), replace(CALIBRATION, reference_digest="other")]
)
def test_a_calibration_that_does_not_fit_is_refused(calibration: Calibration | None) -> None:
    with pytest.raises(ValueError, match="a calibration of cpu"):
        METER.summarise([visit(1.0)], calibration)


def test_a_calibration_is_not_moved_by_visits_that_were_slowed_down() -> None:
    visits = [visit(1.0, reference_s=seconds) for seconds in (0.005, 0.004, 0.9)]
    assert METER.calibrate(visits).seconds == {"latency": 0.004}


def test_a_calibration_survives_json() -> None:
    found = METER.calibrate([visit(1.0)])
    assert Calibration.from_json(found.to_json()) == found


def test_visits_beside_two_references_do_not_calibrate() -> None:
    with pytest.raises(ValueError, match="beside one reference"):
        METER.calibrate([visit(1.0), visit(1.0, reference_digest="other")])
