from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.store import CalibrationKey, MeasurementKey, Store

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def measurement(key: MeasurementKey, **changed: object) -> Measurement:
    made = Measurement(
        quantity="latency",
        unit="s",
        value=0.1 + 0.2,
        low=0.25,
        high=1 / 3,
        samples=(0.3, 0.31),
        provenance=Provenance.MEASURED,
        method=key.method,
        method_version=key.method_version,
        target=key.target,
        conditions={"noisy": False, "threads": 1},
    )
    return replace(made, **changed)


@settings(deadline=None, max_examples=25, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=FINITE, low=FINITE, high=FINITE, samples=st.lists(FINITE, max_size=4), how=st.sampled_from(Provenance))
def test_a_measurement_comes_back_exactly(
    store: Store,
    key: MeasurementKey,
    value: float,
    low: float,
    high: float,
    samples: list[float],
    how: Provenance,
) -> None:
    made = measurement(key, value=value, low=low, high=high, samples=tuple(samples), provenance=how)
    store.measurements.add(key, [made])
    assert store.measurements.find(key, "latency") == made


def test_the_newest_measurement_is_found(store: Store, key: MeasurementKey) -> None:
    for value in (3.0, 1.0, 2.0):
        store.measurements.add(key, [measurement(key, value=value)])
    found = store.measurements.find(key, "latency")
    assert found and found.value == 2.0


@pytest.mark.parametrize(
    "other",
    [{"target": "cpu"}, {"method": "wall"}, {"method_version": 3}, {"device": "x"}, {"signature": "x"}],
    ids=str,
)
def test_another_key_is_another_measurement(store: Store, key: MeasurementKey, other: dict[str, object]) -> None:
    store.measurements.add(key, [measurement(key)])
    assert store.measurements.find(replace(key, **other), "latency") is None


def test_another_quantity_is_another_measurement(store: Store, key: MeasurementKey) -> None:
    store.measurements.add(key, [measurement(key), measurement(key, quantity="memory", unit="B", value=4096.0)])
    found = store.measurements.find(key, "memory")
    assert found and (found.value, found.unit) == (4096.0, "B")
    assert store.measurements.find(key, "energy") is None


def test_measurements_are_added_together_or_not_at_all(store: Store, key: MeasurementKey) -> None:
    with pytest.raises(ValueError, match="inf cannot be stored"):
        store.measurements.add(key, [measurement(key), measurement(key, high=float("inf"))])
    assert store.measurements.all() == []


def test_a_measurement_under_the_key_of_another_method_is_our_mistake(store: Store, key: MeasurementKey) -> None:
    with pytest.raises(AssertionError, match="is not how"):
        store.measurements.add(key, [measurement(key, method_version=1)])


def test_measurements_are_listed_by_what_is_asked_for(store: Store, key: MeasurementKey, clock) -> None:
    elsewhere = replace(key, target="cpu:onnx")
    store.measurements.add(key, [measurement(key), measurement(key, quantity="memory")])
    clock.now = 3_000.0
    store.measurements.add(elsewhere, [measurement(elsewhere)])
    listed = store.measurements.all(quantity="latency")
    assert [(row.measurement.target, row.created) for row in listed] == [(key.target, 1_000.1), ("cpu:onnx", 3_000.0)]
    assert len(store.measurements.all(device=key.device)) == 3
    assert len(store.measurements.all(target="cpu:onnx", quantity="memory")) == 0


def test_visits_are_found_in_their_order(store: Store, key: MeasurementKey) -> None:
    for ratio in (1.5, 0.5):
        store.visits.add(key, {"ratio": ratio})
    store.visits.add(replace(key, method_version=3), {"ratio": 9.0})
    assert [visit.result for visit in store.visits.find(key)] == [{"ratio": 1.5}, {"ratio": 0.5}]


def test_a_visit_names_the_trial_that_it_was_made_for(store: Store, key: MeasurementKey, study) -> None:
    trial = store.trials.reserve(study.id, "w")
    assert trial
    store.visits.add(key, {}, trial=trial.id)
    assert store.visits.find(key)[0].trial == trial.id


def test_the_first_calibration_stays(store: Store, key: MeasurementKey) -> None:
    place = CalibrationKey(device=key.device, target=key.target, family="encoder", method="paired", method_version=2)
    assert store.calibrations.get(place) is None
    assert store.calibrations.get_or_put(place, {"seconds": 0.1}) == {"seconds": 0.1}
    assert store.calibrations.get_or_put(place, {"seconds": 0.2}) == {"seconds": 0.1}
    assert store.calibrations.get(place) == {"seconds": 0.1}
    assert store.calibrations.get_or_put(replace(place, family="decoder"), {"seconds": 0.3}) == {"seconds": 0.3}


def test_a_calibration_can_be_put_in_anothers_place(store: Store, key: MeasurementKey) -> None:
    place = CalibrationKey(device=key.device, target=key.target, family="encoder", method="paired", method_version=2)
    store.calibrations.put(place, {"seconds": 0.1})
    store.calibrations.put(place, {"seconds": 0.2})
    assert store.calibrations.get(place) == {"seconds": 0.2}
    assert store.calibrations.get(replace(place, family="decoder")) is None
