"""Bounds that no space can meet."""

import pytest

from paretoformer.evaluators.open_task import open_task
from paretoformer.records.errors import UserError
from paretoformer.records.objective import parse_constraint
from paretoformer.studies.bounds import check_bounds

CPU = "latency[cpu:eager:fp32:1:prefill/1/1]"
OTHER = "latency[cpu:eager:fp32:2:prefill/1/1]"


def check(*bounds: str, task: str = "digits") -> None:
    check_bounds([parse_constraint(bound) for bound in bounds], open_task(task))


@pytest.mark.parametrize("bound", ["accuracy >= 95", "accuracy <= 1.01"])
def test_a_bound_outside_a_metrics_range_is_refused_with_the_range(bound: str) -> None:
    with pytest.raises(UserError, match=f"'{bound}' is outside the range of accuracy, which goes from 0 to 1."):
        check(bound)


def test_a_range_may_be_open_above() -> None:
    check("bits_per_byte <= 400", task="python-docs")


@pytest.mark.parametrize("bound", ["accuracy >= 1", "accuracy >= 0", "accuracy >= 95%"])
def test_the_ends_of_a_range_are_within_it(bound: str) -> None:
    check(bound)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("accuracy >= 0.9", "accuracy <= 0.8"),
        ("params <= 1 k", "params >= 2 k"),
        ("latency >= 5 ms", f"{CPU} <= 1 ms"),
        (f"{CPU} <= 1 ms", f"{CPU} >= 5 ms"),
    ],
)
def test_two_bounds_that_exclude_each_other_are_both_named(one: str, other: str) -> None:
    with pytest.raises(UserError) as error:
        check(one, other)
    assert str(error.value) == f"{one} and {other} exclude each other: no value meets both."


@pytest.mark.parametrize(
    "bounds",
    [
        ("accuracy >= 0.8", "accuracy <= 0.9"),
        ("accuracy <= 0.9", "accuracy <= 0.8"),
        ("params <= 1k", "macs >= 2k"),
        (f"{CPU} <= 1ms", f"{OTHER} >= 5ms"),
    ],
)
def test_bounds_that_leave_room_pass(bounds: tuple[str, ...]) -> None:
    check(*bounds)
