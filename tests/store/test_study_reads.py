from collections.abc import Callable

import pytest

from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.records.trial import Score, TrialState
from paretoformer.store import MeasurementKey, RunRow, Store, StudyRow, TrialRow

ARCHITECTURE, SIGNATURE = "a" * 64, "s" * 64


def reserved(store: Store, study: StudyRow) -> TrialRow:
    trial = store.trials.reserve(study.id, "w")
    assert trial
    return trial


@pytest.fixture
def other_study(store: Store) -> StudyRow:
    """A study whose rows nobody asks for: one trial with an architecture and a run of its own."""
    study = store.studies.create("other", spec={}, seed=0)
    store.architectures.put("b", {"topology": "decoder"})
    store.models.put("b", SIGNATURE, {"params": 2})
    store.trials.propose(reserved(store, study), point={}, architecture="b")
    return study


@pytest.fixture
def own_trial(store: Store, study: StudyRow, other_study: StudyRow, new_run: Callable[[str], RunRow]) -> TrialRow:
    """The study's trial, with a stored architecture and run; the other study's trial has another run."""
    trial = store.trials.propose(reserved(store, study), point={}, architecture=ARCHITECTURE)
    (others,) = store.trials.all(other_study.id)
    store.trials.set_running(others, run=new_run("others").id)
    return store.trials.set_running(trial, run=new_run("own").id)


def test_runs_are_those_that_the_studys_trials_name(store: Store, study: StudyRow, own_trial: TrialRow) -> None:
    assert {number: run.key for number, run in store.reads.runs(study.id).items()} == {own_trial.run: "own"}


def test_scores_are_those_of_its_runs_by_rung(store: Store, study: StudyRow, own_trial: TrialRow, new_run) -> None:
    scores = [
        Score(metric="accuracy", split="test", rung=rung, value=0.5, low=0.4, high=0.6, examples=64, seconds=1.0)
        for rung in (0, 1)
    ]
    for key in ("own", "others"):
        store.runs.add_scores(new_run(key).id, scores[::-1])
    assert store.reads.scores(study.id) == {own_trial.run: scores}


def test_architectures_are_those_that_it_proposed(store: Store, study: StudyRow, own_trial: TrialRow) -> None:
    assert store.reads.architectures(study.id) == {ARCHITECTURE: {"topology": "encoder"}}


def test_counts_are_those_of_its_models(store: Store, study: StudyRow, own_trial: TrialRow) -> None:
    store.signatures.put("longer", {})
    store.models.put(ARCHITECTURE, SIGNATURE, {"params": 1})
    store.models.put(ARCHITECTURE, "longer", {"params": 3})
    assert store.reads.counts(study.id, SIGNATURE) == {ARCHITECTURE: {"params": 1}}


def test_measurements_are_those_of_its_models(
    store: Store, study: StudyRow, own_trial: TrialRow, key: MeasurementKey
) -> None:
    made = Measurement(
        quantity="latency",
        unit="s",
        value=1.0,
        low=0.5,
        high=1.5,
        samples=(1.0,),
        provenance=Provenance.MEASURED,
        method=key.method,
        method_version=key.method_version,
        target=key.target,
    )
    store.measurements.add(key, [made])
    assert [row.measurement for row in store.reads.measurements(study.id, SIGNATURE)] == [made]
    assert store.reads.measurements(study.id, "longer") == []


def test_trials_of_a_run_are_those_of_the_study(
    store: Store, study: StudyRow, other_study: StudyRow, own_trial: TrialRow
) -> None:
    assert own_trial.run
    duplicate = store.trials.set_running(reserved(store, study), run=own_trial.run)
    (others,) = store.trials.all(other_study.id)
    store.trials.set_running(others, run=own_trial.run)
    assert store.reads.trials_of_run(study.id, own_trial.run) == [own_trial, duplicate]


def test_active_seconds_count_what_overlaps_once_and_what_lies_between_not_at_all(
    store: Store, study: StudyRow, clock
) -> None:
    clock.now = 10.0
    first = reserved(store, study)
    clock.now = 12.0
    second = reserved(store, study)
    clock.now = 15.0
    store.trials.end(first, TrialState.COMPLETE)
    clock.now = 17.0
    store.trials.end(second, TrialState.COMPLETE)
    clock.now = 100.0
    reserved(store, study)
    clock.now = 103.0
    assert store.reads.active_seconds(study.id) == pytest.approx(7.0 + 3.0)


def test_a_study_without_trials_was_never_active(store: Store, study: StudyRow) -> None:
    assert store.reads.active_seconds(study.id) == 0.0
