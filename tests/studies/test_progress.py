"""How far a study is, and how long it will take."""

import pytest

from paretoformer.records.trial import TrialState
from paretoformer.store import Store
from paretoformer.store.rows import StudyState
from paretoformer.studies.closing import Closing, Kept
from paretoformer.studies.limits import Limits
from paretoformer.studies.progress import ProgressReader
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.study import Study

from .conftest import ROWS, Row, fill


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_states_front_hypervolume_and_seconds_are_those_of_the_study(filled: Study) -> None:
    progress = ProgressReader(filled.store, filled.row.id, Limits(trials=10)).read()
    assert (progress.numbered, progress.ended) == (5, 5)
    assert progress.states[TrialState.COMPLETE] == 3
    assert progress.front == 2
    assert progress.hypervolume == pytest.approx(filled.hypervolume())
    assert progress.seconds == {"training": 6.0, "measuring": 3.0, "waiting": 0.0, "other": 0.0}


def test_a_trial_under_way_is_numbered_and_has_not_ended(filled: Study) -> None:
    filled.store.trials.reserve(filled.row.id, "me")
    progress = ProgressReader(filled.store, filled.row.id, Limits(trials=10)).read()
    assert (progress.numbered, progress.ended) == (6, 5)


def test_what_is_left_is_told_once_a_trial_has_ended_while_watching(filled: Study) -> None:
    clock = Clock()
    reader = ProgressReader(filled.store, filled.row.id, Limits(trials=10), clock)
    clock.now += 3
    assert reader.read().left_s is None
    trial = filled.store.trials.reserve(filled.row.id, "me")
    assert trial
    filled.store.trials.end(trial, TrialState.FAILED)
    clock.now += 2
    assert reader.read().left_s == pytest.approx(5.0 * 4)


def test_hours_are_counted_while_trials_are_under_way(store: Store, counted_spec: StudySpec) -> None:
    study = fill(store, counted_spec, ROWS[:1])
    left = ProgressReader(store, study.row.id, Limits(hours=1.0)).read().left_s
    assert left is not None and 3590 < left <= 3600


def test_the_end_of_a_study_is_told_while_no_trial_is_under_way(filled: Study) -> None:
    reader = ProgressReader(filled.store, filled.row.id, Limits(trials=10))
    assert reader.read().closing == Closing()
    step = Closing(step="re-measuring the front", done=1, of=2, kept=(Kept(trial=3, target="cpu", reason="x"),))
    filled.store.studies.set_closing(filled.row.id, step.to_json())
    assert reader.read().closing == step
    filled.store.trials.reserve(filled.row.id, "me")
    assert reader.read().closing.sentence is None


def test_the_front_of_an_ended_study_is_the_one_that_is_reported(store: Store, timed_spec: StudySpec) -> None:
    study = fill(store, timed_spec, (Row(accuracy=0.9, latency=1e-3), Row(accuracy=0.895, latency=1.01e-3)))
    reader = ProgressReader(store, study.row.id, Limits(trials=2))
    assert reader.read().front == 1
    store.studies.set_state(study.row.id, StudyState.ENDED)
    assert reader.read().front == len(study.front()) == 2


def test_an_empty_study_has_no_front(store: Store, counted_spec: StudySpec) -> None:
    progress = ProgressReader(store, fill(store, counted_spec, rows=()).row.id, Limits(trials=3)).read()
    assert (progress.front, progress.hypervolume, progress.ended, progress.left_s) == (0, 0.0, 0, None)
