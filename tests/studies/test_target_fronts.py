"""One front for each target of a study."""

from dataclasses import replace

import pytest

from paretoformer.evaluators.examples import Split
from paretoformer.records.errors import UserError
from paretoformer.records.objective import parse_objectives
from paretoformer.records.target import parse_target
from paretoformer.store import Store
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.study import Study

from .conftest import Row, fill

ROWS = (
    Row(accuracy=0.9, latency=3e-3, elsewhere=1e-3),
    Row(accuracy=0.8, latency=1e-3, elsewhere=3e-3),
    Row(accuracy=0.7, latency=2e-3, elsewhere=0.5e-3),
    Row(accuracy=0.6, latency=4e-3, elsewhere=4e-3),
)
"""All but the last are on the front over both; 3 is beaten on the first target, 2 on the second."""


@pytest.fixture
def study(store: Store, two_targets: StudySpec) -> Study:
    return fill(store, two_targets, ROWS)


def numbers(front: object) -> list[int]:
    return [point.number for point in front]  # type: ignore[attr-defined]


def test_each_target_has_a_front_by_its_own_costs(study: Study) -> None:
    first, second = study.targets
    assert numbers(study.front()) == [1, 2, 3]
    assert {str(target): numbers(front) for target, front in study.fronts().items()} == {
        str(first): [1, 2],
        str(second): [1, 3],
    }
    for target, front in study.fronts().items():
        assert {column.target for point in front for column in point.columns} == {None, target}


def test_the_only_targets_front_is_the_front_over_all(filled: Study) -> None:
    (target,) = filled.targets
    assert filled.fronts() == {target: filled.front()}


def test_objectives_without_targets_have_no_front_of_a_target(store: Store, counted_spec: StudySpec) -> None:
    study = fill(store, counted_spec)
    assert (study.targets, study.fronts()) == ((), {})
    with pytest.raises(UserError, match="'cpu' cannot be asked for: no objective of study filled depends on a target"):
        study.target("cpu")


def test_a_target_that_no_objective_is_about_has_no_front(store: Store, two_targets: StudySpec) -> None:
    first = two_targets.targets[0]
    study = fill(store, replace(two_targets, objectives=parse_objectives(f"accuracy, -latency[{first}]")), ROWS)
    assert study.targets == (first,)


def test_members_are_those_of_any_front(store: Store, two_targets: StudySpec) -> None:
    rows = (
        *ROWS[:2],
        Row(accuracy=0.895, half=0.01, latency=3.01e-3, elsewhere=2e-3),
    )  # a tie on the first target alone
    study = fill(store, two_targets, rows)
    assert numbers(study.front()) == [1, 2]
    assert numbers(study.front(target=study.targets[0])) == [1, 3, 2]
    assert numbers(study.members()) == [1, 2, 3]


def test_a_tie_is_told_by_the_costs_of_the_target(store: Store, two_targets: StudySpec) -> None:
    rows = (Row(accuracy=0.9, latency=1e-3, elsewhere=2e-3), Row(accuracy=0.895, latency=1.01e-3, elsewhere=1e-3))
    study = fill(store, two_targets, rows)
    first, second = study.targets
    tied = [{point.number: point.tied for point in study.front(target=target)} for target in (None, first, second)]
    assert tied == [{1: False, 2: False}, {1: False, 2: True}, {1: False, 2: False}]


def test_a_tie_stays_one_on_the_test_split(store: Store, timed_spec: StudySpec) -> None:
    study = fill(store, timed_spec, (Row(accuracy=0.9, latency=1e-3), Row(accuracy=0.895, latency=1.01e-3)))
    assert [point.tied for point in study.front(Split.TEST)] == [False, True]


def test_the_hypervolume_of_a_target_is_against_its_part_of_the_reference(study: Study) -> None:
    first, second = study.targets
    assert study.reference(first) == (0.0, 1e9)
    assert study.hypervolume(first) == pytest.approx(0.9 * 1e9, rel=1e-6)
    assert study.hypervolume() != study.hypervolume(second)


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("cpu:onnx", 1),
        ("cpu:eager", 0),
        ("cpu", 0),  # as a search would fill it
        ("cpu:onnx:fp32:1:prefill/1/1", 1),
        ("cpu:::1:", 0),
    ],
)
def test_a_target_is_named_by_the_fields_that_tell_it_from_the_others(study: Study, text: str, index: int) -> None:
    assert study.target(text) == study.targets[index]
    assert numbers(study.front(target=text)) == numbers(study.front(target=study.targets[index]))


def test_what_is_no_target_of_the_study_is_refused_with_those_that_are(study: Study) -> None:
    expected = (
        "'cuda' is not a target of study filled; it has cpu:eager:fp32:1:prefill/1/1, cpu:onnx:fp32:1:prefill/1/1."
    )
    with pytest.raises(UserError) as error:
        study.front(target="cuda")
    assert str(error.value) == expected


def test_words_that_may_be_several_targets_are_refused(store: Store, two_targets: StudySpec) -> None:
    targets = tuple(parse_target(f"cpu:onnx:{precision}:1:prefill/1/1") for precision in ("fp32", "int8"))
    spec = replace(two_targets, targets=targets, provenance={})
    study = Study(store, store.studies.create("quantised", spec=spec.to_json(), seed=0).id)
    with pytest.raises(
        UserError, match=r"'cpu' may be several targets of study quantised: cpu:onnx:fp32.*, cpu:onnx:int8"
    ):
        study.target("cpu")
