"""What a crash leaves is found, and mended where it can be."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from paretoformer.store import Store
from paretoformer.store.rows import RunState, StudyState
from paretoformer.studies.checkpoints import Checkpoints
from paretoformer.studies.doctor import examine, repair
from paretoformer.studies.heirs import Process
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.study import Study

from .stored import architectures, stored

NOBODY = 2**22 + 1
"""A number that no process of this machine has."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/s.db") as opened:
        yield opened


@pytest.fixture
def study(store: Store, counted_spec: StudySpec, tmp_path: Path) -> Study:
    """Two complete trials, whose weights are there."""
    cheap, dear = architectures(counted_spec, 2)
    made = stored(store, counted_spec, "s", [(0.3, cheap), (0.8, dear)])
    checkpoints = Checkpoints(tmp_path)
    checkpoints.prepare()
    for run in made.runs.values():
        checkpoints.path(run.key).touch()
    store.studies.set_state(made.row.id, StudyState.ENDED)
    return made


def said(store: Store, folder: Path) -> list[str]:
    return [finding.sentence for finding in examine(store, "s", folder)]


def orphan(store: Store, study: Study) -> None:
    me = Process.mine()
    store.workers.register("gone", study_id=study.row.id, host=me.host, pid=NOBODY, process_started=1.0, version="0")
    store.trials.reserve(study.row.id, "gone")


def test_a_sound_study_has_no_findings(store: Store, study: Study, tmp_path: Path) -> None:
    assert said(store, tmp_path) == []


def test_a_trial_whose_worker_is_gone_is_released(store: Store, study: Study, tmp_path: Path) -> None:
    store.studies.set_state(study.row.id, StudyState.RUNNING)
    orphan(store, study)
    findings = examine(store, "s", tmp_path)
    assert [finding.sentence for finding in findings] == [
        "Trial 3 is under way, and the process of its worker is gone."
    ]
    assert repair(findings) == findings
    assert [trial.owner for trial in store.trials.live(study.row.id)] == [None]
    assert said(store, tmp_path) == []


def test_an_ended_study_with_live_trials_goes_on(store: Store, study: Study, tmp_path: Path) -> None:
    store.trials.reserve(study.row.id, "here")
    findings = examine(store, "s", tmp_path)
    assert "marked as ended, and these trials are not: 3" in findings[0].sentence
    repair(findings)
    assert store.studies.get("s").state is StudyState.RUNNING


def test_a_run_that_nobody_works_on_is_stopped(store: Store, study: Study, tmp_path: Path) -> None:
    run = next(iter(study.runs))
    store.runs.set_state(run, RunState.RUNNING)
    idle = [finding for finding in examine(store, "s", tmp_path) if finding.repairable]
    assert "nobody works on it" in idle[0].sentence
    repair(idle)
    assert store.runs.get(run).state is RunState.STOPPED


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("DELETE FROM score", "Trial 1 is complete without scores."),
        ("DELETE FROM trial WHERE number = 1", "Of 2 trial numbers, 1 are missing."),
        ("UPDATE trial SET outcome = 9 WHERE number = 2", "There are outcome numbers beyond the last, 2: 9."),
        ("UPDATE trial SET run = NULL WHERE number = 2", "Trial 2 is complete without a run or an architecture."),
    ],
)
def test_damage_that_nothing_mends_is_said(
    store: Store, study: Study, tmp_path: Path, damage: str, sentence: str
) -> None:
    with sqlite3.connect(tmp_path / "s.db") as connection:
        connection.execute(damage)
    findings = {finding.sentence: finding for finding in examine(store, "s", tmp_path)}
    assert not findings[sentence].repairable


def test_lost_weights_of_a_member_of_the_front_are_named(store: Store, study: Study, tmp_path: Path) -> None:
    lost = study.run_of(study.front()[0])
    Checkpoints(tmp_path).path(lost.key).unlink()
    (sentence,) = said(store, tmp_path)
    assert lost.key in sentence and "an export trains it again" in sentence
