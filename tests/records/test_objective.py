"""Objectives and constraints as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretoformer.evaluators.registry import task_class, task_names
from paretoformer.records.costs import COSTS
from paretoformer.records.errors import UserError
from paretoformer.records.objective import (
    Constraint,
    Objective,
    parse_constraint,
    parse_constraints,
    parse_objectives,
)
from paretoformer.records.target import parse_target


def test_a_metric_is_raised_and_a_cost_is_lowered() -> None:
    assert parse_objectives("accuracy, -latency") == (
        Objective(name="accuracy", minimise=False),
        Objective(name="latency", minimise=True),
    )


def test_a_cost_may_name_its_target() -> None:
    (objective,) = parse_objectives("-latency[cpu:onnx:::decode/1/128/32]")
    assert objective.target == parse_target("cpu:onnx:::decode/1/128/32")


def test_a_metric_may_be_lowered() -> None:
    assert parse_objectives("-perplexity") == (Objective(name="perplexity", minimise=True),)


def test_a_plus_changes_nothing() -> None:
    assert parse_objectives("+accuracy") == parse_objectives("accuracy")


def test_the_same_cost_on_two_targets_is_two_objectives() -> None:
    assert len(parse_objectives("-latency[cpu], -latency[cuda]")) == 2


@given(
    st.lists(
        st.sampled_from(
            ["accuracy", "-perplexity", "-latency", "-latency[cpu]", "-energy[cuda:eager:bf16]", "-params"]
        ),
        min_size=1,
        unique=True,
    )
)
def test_objectives_are_written_as_they_are_read(parts) -> None:
    assert [str(objective) for objective in parse_objectives(", ".join(parts))] == parts


@pytest.mark.parametrize("cost", COSTS)
def test_a_cost_without_its_minus_is_refused(cost) -> None:
    with pytest.raises(UserError, match=f"'{cost}' is a cost, and a search lowers costs; write -{cost}"):
        parse_objectives(cost)


@pytest.mark.parametrize("text", ["accuracy latency", "--latency", "3", "latency[cpu", "latency[]", "a/b"])
def test_what_is_no_objective_is_refused_with_an_example(text) -> None:
    with pytest.raises(UserError, match='is not an objective; write .* "accuracy, -latency"'):
        parse_objectives(text)


@pytest.mark.parametrize("text", ["", " , ,"])
def test_no_objective_is_refused_with_an_example(text) -> None:
    with pytest.raises(UserError, match="No objective was given"):
        parse_objectives(text)


@pytest.mark.parametrize("text", ["accuracy, accuracy", "accuracy, -accuracy", "-latency[cpu], -latency[cpu]"])
def test_an_objective_named_twice_is_refused(text) -> None:
    with pytest.raises(UserError, match="twice"):
        parse_objectives(text)


@pytest.mark.parametrize("name", ["accuracy", "params", "macs"])
def test_what_depends_on_no_target_takes_none(name) -> None:
    with pytest.raises(UserError, match=rf"'{name}\[cpu\]': {name} does not depend on a target; write {name}"):
        parse_objectives(f"-{name}[cpu]")


@pytest.mark.parametrize(
    ("text", "name", "upper", "bound", "unit"),
    [
        ("params <= 2e6", "params", True, 2e6, ""),
        ("params<=2M", "params", True, 2e6, ""),
        ("params < 2M", "params", True, 2e6, ""),
        ("latency <= 5ms", "latency", True, 0.005, "s"),
        ("accuracy >= 95%", "accuracy", False, 0.95, ""),
        ("accuracy > 0.95", "accuracy", False, 0.95, ""),
        ("memory <= 64 MiB", "memory", True, 67_108_864, "B"),
        ("energy <= 3 mJ", "energy", True, 0.003, "J"),
    ],
)
def test_a_constraint_is_read_into_the_base_unit(text, name, upper, bound, unit) -> None:
    constraint = parse_constraint(text)
    assert (constraint.name, constraint.upper, constraint.unit) == (name, upper, unit)
    assert constraint.bound == pytest.approx(bound, rel=1e-12)


@pytest.mark.parametrize(
    "text", ["params <= 2 M", "latency[cpu] <= 5 ms", "accuracy >= 0.95", "memory <= 64 MB", "energy[cuda] <= 3 mJ"]
)
def test_a_constraint_is_written_as_it_is_read(text) -> None:
    assert str(parse_constraint(text)) == text
    assert parse_constraint(str(parse_constraint(text))) == parse_constraint(text)


def test_constraints_are_joined_by_and_or_commas() -> None:
    one = parse_constraints("params <= 2M and latency <= 5ms")
    assert one == parse_constraints("params <= 2M, latency <= 5ms") and len(one) == 2


@pytest.mark.parametrize("text", ["params", "params = 3", "<= 3", "params <= ", "params == 3", "params <= latency"])
def test_what_is_no_constraint_is_refused(text) -> None:
    with pytest.raises(UserError, match="is not a"):
        parse_constraint(text)


def test_a_cost_with_a_unit_needs_it_in_the_bound() -> None:
    with pytest.raises(UserError, match="'latency <= 5' needs a unit, as in 5ms"):
        parse_constraint("latency <= 5")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("latency <= 5 MB", "latency is a time, and the bound is bytes"),
        ("params <= 5 ms", "params is a plain number, and the bound is a time"),
        ("latncy <= 5 ms", "latncy is not a cost that has a unit; those are state_bytes, activation_bytes, latency"),
        ("memory <= 3 J", "memory is bytes, and the bound is an energy"),
    ],
)
def test_a_unit_of_another_quantity_is_refused_naming_both(text, sentence) -> None:
    with pytest.raises(UserError, match=sentence):
        parse_constraint(text)


@given(bound=st.floats(0.01, 1e9), value=st.floats(0, 1e10), upper=st.booleans())
def test_a_violation_is_positive_just_where_the_bound_does_not_hold(bound, value, upper) -> None:
    constraint = Constraint(name="params", upper=upper, bound=bound, unit="")
    holds = value <= bound if upper else value >= bound
    assert (constraint.violation(value) <= 0) == holds


def test_a_violation_is_relative_to_the_bound() -> None:
    assert Constraint(name="latency", upper=True, bound=0.004, unit="s").violation(0.005) == pytest.approx(0.25)
    assert Constraint(name="accuracy", upper=False, bound=0.8, unit="").violation(0.6) == pytest.approx(0.25)


def test_a_bound_of_zero_is_measured_absolutely() -> None:
    assert Constraint(name="state_bytes", upper=True, bound=0, unit="B").violation(8) == 8


@pytest.mark.parametrize("name", ["exact-match", "exact-match[12]", "recall_10_by_text", "accuracy[18]"])
def test_names_of_metrics_may_have_hyphens_and_sizes(name: str) -> None:
    first, second = parse_objectives(f"{name}, -latency[cpu]")
    assert (str(first), second.name) == (name, "latency")
    assert parse_constraint(f"{name} >= 50%").name == name
    assert parse_objectives(str(first)) == (first,)


@pytest.mark.parametrize("task", task_names())
def test_every_metric_of_every_task_can_be_an_objective(task: str) -> None:
    for metric in task_class(task).metrics:
        sign = "-" if metric.minimise else ""
        assert [(each.name, each.minimise) for each in parse_objectives(sign + metric.name)] == [
            (metric.name, metric.minimise)
        ]
