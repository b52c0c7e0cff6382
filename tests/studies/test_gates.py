"""Bounds: what is broken, by how much, and the sentence for the row."""

from dataclasses import replace

import pytest

from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.records.objective import parse_constraint
from paretoformer.records.target import parse_target
from paretoformer.records.trial import TrialState
from paretoformer.studies.ending import Ended
from paretoformer.studies.front import Interval
from paretoformer.studies.gates import counted_values, gate, measured_values, scored_values
from paretoformer.studies.spec import StudySpec


def latency(target: str, value: float) -> Measurement:
    return Measurement(
        quantity="latency",
        unit="s",
        value=value,
        low=value,
        high=value,
        samples=(value,),
        provenance=Provenance.MEASURED,
        method="fake",
        method_version=1,
        target=target,
    )


def test_bounds_that_hold_give_violations_that_are_not_positive(counted_spec: StudySpec) -> None:
    assert gate(counted_values(counted_spec, {"params": 15_000})) == {"params <= 20 k": -0.25}


def test_a_broken_bound_ends_the_trial_with_its_relative_violation(counted_spec: StudySpec) -> None:
    with pytest.raises(Ended) as ended:
        gate(counted_values(counted_spec, {"params": 30_000}), objectives=(1.0, 2.0))
    ending = ended.value.ending
    assert ending.state is TrialState.OVER_CONSTRAINT
    assert ending.violations == {"params <= 20 k": 0.5}
    assert ending.values == (1.0, 2.0)
    assert ending.reason == "params is 30 k, and params <= 20 k is asked for"


def test_the_worst_target_decides(counted_spec: StudySpec) -> None:
    targets = tuple(parse_target(f"cpu:eager:fp32:{n}:prefill/1/1") for n in (1, 2))
    spec = replace(counted_spec, constraints=(parse_constraint("latency <= 5ms"),), targets=targets)
    costs = {("latency", str(t)): latency(str(t), v) for t, v in zip(targets, (0.004, 0.006), strict=True)}
    assert list(measured_values(spec, costs).values()) == [0.006]


def test_bounds_on_metrics_are_held_against_scores(counted_spec: StudySpec) -> None:
    spec = replace(counted_spec, constraints=(parse_constraint("accuracy >= 90%"),))
    with pytest.raises(Ended, match="accuracy is 0.8, and accuracy >= 0.9 is asked for"):
        gate(scored_values(spec, {"accuracy": Interval(value=0.8, low=0.7, high=0.9)}))
