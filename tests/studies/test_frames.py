"""A study as a table."""

from paretoformer.store import Store
from paretoformer.studies.frames import first_line
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.study import Study

from .conftest import fill


def test_there_is_a_row_for_each_trial_by_number(filled: Study) -> None:
    frame = filled.frame()
    assert list(frame.index) == [1, 2, 3, 4, 5]
    assert list(frame.state) == ["complete", "failed", "complete", "complete", "invalid"]


def test_objectives_stand_with_their_intervals_and_are_empty_where_there_are_none(filled: Study) -> None:
    frame = filled.frame()
    assert list(frame.accuracy.dropna().index) == [1, 3, 4]
    assert (frame["accuracy low"].dropna() < frame.accuracy.dropna()).all()
    assert frame.loc[1, "params"] == filled.points()[0].counts["params"]


def test_reasons_are_without_their_tracebacks(filled: Study) -> None:
    assert filled.frame().loc[2, "reason"] == "failed"
    assert first_line(None) is None


def test_time_and_known_energy_stand_by_kind_of_work(filled: Study) -> None:
    filled.store.trials.add_spent(1, seconds={}, joules={"training": 4.0, "unknown": "no counter"})
    frame = Study(filled.store, filled.row.id).frame()
    assert frame.loc[1, "training seconds"] == 2.0
    assert list(frame["training joules"].dropna()) == [4.0] and "unknown joules" not in frame


def test_a_study_without_trials_is_an_empty_table(store: Store, timed_spec: StudySpec) -> None:
    assert fill(store, timed_spec, rows=()).frame().empty
