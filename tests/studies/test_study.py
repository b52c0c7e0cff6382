"""A study as its users see it."""

from dataclasses import replace
from pathlib import Path

import pytest

from paretoformer.evaluators.examples import Split
from paretoformer.records.errors import UserError
from paretoformer.store import Store
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.study import Study

from .conftest import Row, fill


def test_points_are_the_complete_trials_with_their_last_scores(filled: Study) -> None:
    assert [(point.number, point.values[0].value) for point in filled.points()] == [(1, 0.9), (3, 0.8), (4, 0.7)]


def test_the_front_leaves_out_what_is_beaten_and_separated(filled: Study) -> None:
    assert [point.number for point in filled.front()] == [1, 3]


def test_a_point_that_is_beaten_within_its_intervals_stays_and_is_marked(store: Store, timed_spec: StudySpec) -> None:
    rows = [Row(accuracy=0.90, half=0.05, latency=1e-3), Row(accuracy=0.89, half=0.05, latency=1.01e-3)]
    front = fill(store, timed_spec, rows).front()
    assert {point.number: point.tied for point in front} == {1: False, 2: True}


def test_the_front_on_test_has_the_members_of_validation(filled: Study) -> None:
    assert [point.number for point in filled.front(Split.TEST)] == [point.number for point in filled.front()]


def test_costs_of_another_provenance_are_not_the_studys(store: Store, timed_spec: StudySpec) -> None:
    study = fill(store, timed_spec)
    study.spec = replace(timed_spec, provenance={})
    assert study.costs == {}


def test_costs_by_another_version_of_the_method_are_not_the_studys(store: Store, timed_spec: StudySpec) -> None:
    study = fill(store, timed_spec)
    (column,) = (column for column in timed_spec.columns if column.target)
    study.spec = replace(timed_spec, methods={str(column): "fake 2"})
    assert study.costs == {}


def test_the_hypervolume_grows_with_the_outcomes_to_that_of_all(filled: Study) -> None:
    trace = filled.hypervolume_trace()
    assert [outcome for outcome, _ in trace] == [1, 3, 4]
    volumes = [volume for _, volume in trace]
    assert volumes == sorted(volumes)
    assert volumes[-1] == pytest.approx(filled.hypervolume())


def test_a_study_without_a_reference_has_no_hypervolume(store: Store, timed_spec: StudySpec) -> None:
    study = Study(store, store.studies.create("bare", spec=timed_spec.to_json(), seed=0).id)
    assert (study.hypervolume(), study.hypervolume_trace(), study.front()) == (0.0, [], [])


def test_the_run_behind_a_point_trained_its_architecture(filled: Study) -> None:
    for point in filled.points():
        assert filled.run_of(point).architecture == point.architecture.digest


def test_an_unknown_study_is_refused_with_those_that_there_are(scratch: Path, timed_spec: StudySpec) -> None:
    with Store.open("sqlite:///x.db") as store:
        fill(store, timed_spec)
    with pytest.raises(UserError, match="'other' is not a study of .*; studies: filled"):
        Study.load("other", "sqlite:///x.db")


def test_a_missing_database_is_said(scratch: Path) -> None:
    with pytest.raises(UserError, match="'x.db' does not exist"):
        Study.load("filled", "sqlite:///x.db")
    assert not Path("x.db").exists()
