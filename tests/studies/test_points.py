"""A complete trial as a point."""

import json

import pytest

from paretoformer.studies.points import column_intervals
from paretoformer.studies.study import Study

from .conftest import measurement


def test_orientation_turns_values_and_intervals_alike(filled: Study) -> None:
    for point in filled.points():
        assert tuple(interval.value for interval in point.intervals) == point.oriented
        assert all(interval.low <= interval.value <= interval.high for interval in point.intervals)


def test_a_point_knows_its_objectives_and_counts_by_name(filled: Study) -> None:
    (point, *_) = filled.points()
    assert point.cost("latency") == 3e-3
    assert point.cost("params") == point.counts["params"]
    assert point.cost("energy") is None
    assert point.names[:2] == ("accuracy", "latency")


def test_json_has_values_with_intervals_units_and_sources(filled: Study) -> None:
    (point, *_) = filled.points()
    shown = json.loads(json.dumps(point.to_json()))
    assert shown["trial"] == 1
    assert [entry["provenance"] for entry in shown["objectives"].values()] == ["scored", "measured"]
    assert [entry["unit"] for entry in shown["objectives"].values()] == ["fraction", "s"]


def test_a_count_is_exact(filled: Study) -> None:
    column = filled.spec.columns[0]
    (interval,) = column_intervals([column], {}, {}, {"accuracy": 7})
    assert (interval.low, interval.value, interval.high) == (7.0, 7.0, 7.0)


def test_a_cost_is_that_of_the_columns_own_target(filled: Study) -> None:
    column = filled.spec.columns[1]
    other = "cpu:eager:fp32:2:prefill/1/1"
    costs = {("latency", other): measurement("latency", other, 1.0)}
    with pytest.raises(KeyError):
        column_intervals([column], {}, costs, {})
    costs["latency", str(column.target)] = measurement("latency", str(column.target), 2.0)
    assert column_intervals([column], {}, costs, {})[0].value == 2.0
