"""What a crash may have left, found and mended."""

import os
import socket
from pathlib import Path

import pytest

from paretoformer.records.errors import UserError
from paretoformer.records.trial import TrialState
from paretoformer.store import Store
from paretoformer.store.rows import RunState, StudyState
from paretoformer.studies.checkpoints import Checkpoints
from paretoformer.studies.doctor import examine, repair
from paretoformer.studies.heirs import Process
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.study import Study

from .conftest import fill


def sentences(study: Study, artifacts: Path) -> list[str]:
    return [finding.sentence for finding in examine(study.store, study.name, artifacts)]


@pytest.fixture
def artifacts(filled: Study, tmp_path: Path) -> Path:
    """A folder with a file where the weights of each front member should lie."""
    checkpoints = Checkpoints(tmp_path)
    checkpoints.prepare()
    for point in filled.front():
        checkpoints.path(filled.run_of(point).key).write_bytes(b"")
    return tmp_path


def leave_behind(study: Study, *, gone: bool) -> None:
    """A trial under way whose worker's process has ended, or is this one."""
    mine = Process.mine()
    study.store.workers.register(
        "dead",
        study_id=study.row.id,
        host=socket.gethostname(),
        pid=os.getpid(),
        process_started=mine.started - (100 if gone else 0),
        version="0",
    )
    assert study.store.trials.reserve(study.row.id, "dead")


def test_a_sound_study_gives_no_findings(filled: Study, artifacts: Path) -> None:
    assert sentences(filled, artifacts) == []


def test_a_trial_whose_worker_is_gone_is_found_and_handed_back(filled: Study, artifacts: Path) -> None:
    leave_behind(filled, gone=True)
    findings = examine(filled.store, filled.name, artifacts)
    assert [finding.sentence for finding in findings] == [
        "Trial 6 is under way, and the process of its worker is gone."
    ]
    assert repair(findings) == findings
    assert [trial.owner for trial in filled.store.trials.live(filled.row.id)] == [None]
    assert sentences(filled, artifacts) == []


def test_a_trial_that_is_worked_on_is_left_alone(filled: Study, artifacts: Path) -> None:
    leave_behind(filled, gone=False)
    assert sentences(filled, artifacts) == []


def test_a_run_that_nobody_works_on_is_stopped(filled: Study, artifacts: Path) -> None:
    run = filled.run_of(filled.front()[0]).id
    filled.store.runs.set_state(run, RunState.RUNNING)
    findings = examine(filled.store, filled.name, artifacts)
    assert "The training of trial 1 is marked as running, and nobody works on it." in [f.sentence for f in findings]
    assert len(repair(findings)) == 1
    assert filled.store.runs.get(run).state is RunState.STOPPED


def test_an_ended_study_with_a_trial_under_way_is_set_running(filled: Study, artifacts: Path) -> None:
    leave_behind(filled, gone=False)
    filled.store.studies.set_state(filled.row.id, StudyState.ENDED)
    findings = examine(filled.store, filled.name, artifacts)
    assert [f.sentence for f in findings] == ["The study is marked as ended, and these trials are not: 6."]
    repair(findings)
    assert filled.store.studies.get(filled.name).state is StudyState.RUNNING


def test_weights_of_the_front_that_are_gone_are_named_and_cannot_be_mended(filled: Study, tmp_path: Path) -> None:
    findings = examine(filled.store, filled.name, tmp_path)
    assert [finding.sentence.split(",")[0] for finding in findings] == [
        "The weights of trial 1",
        "The weights of trial 3",
    ]
    assert repair(findings) == []


def test_a_complete_trial_without_a_run_is_found(store: Store, timed_spec: StudySpec, tmp_path: Path) -> None:
    study = fill(store, timed_spec, rows=())
    trial = store.trials.reserve(study.row.id, "me")
    assert trial
    store.trials.end(trial, TrialState.COMPLETE, values=(0.0, 0.0))
    assert sentences(study, tmp_path) == ["Trial 1 is complete without a run or an architecture."]


def test_a_complete_trial_without_scores_or_costs_is_found(store: Store, timed_spec: StudySpec, tmp_path: Path) -> None:
    study = fill(store, timed_spec)
    architecture = study.points()[0].architecture
    trial = store.trials.reserve(study.row.id, "me")
    assert trial
    trial = store.trials.propose(trial, point={}, architecture=architecture.digest)
    parts = {"signature": timed_spec.signature.digest, "task": "task", "recipe": timed_spec.recipe.digest}
    run = store.runs.create_or_get("another", architecture=architecture.digest, **parts, seed=2)
    trial = store.trials.set_running(trial, run=run.id)
    store.trials.end(trial, TrialState.COMPLETE, values=(0.0, 0.0))
    assert "Trial 6 is complete without scores." in sentences(study, tmp_path)
    assert "Trial 6 is complete, and its training is not." in sentences(study, tmp_path)


def test_an_unknown_study_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'x' is not a study"):
        examine(store, "x", tmp_path)
