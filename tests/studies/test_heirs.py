"""Trials whose worker is gone."""

import os
from dataclasses import replace

import pytest

from paretoformer.store.rows import TrialRow
from paretoformer.studies.heirs import STALE_S, Process, Watch
from paretoformer.studies.study import Study


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def under_way(study: Study, process: Process) -> TrialRow:
    study.store.workers.register(
        "other",
        study_id=study.row.id,
        host=process.host,
        pid=process.pid,
        process_started=process.started,
        version="0",
    )
    trial = study.store.trials.reserve(study.row.id, "other")
    assert trial
    return trial


def orphans(watch: Watch) -> list[int]:
    return [trial.number for trial in watch.orphans()]


def test_a_study_without_live_trials_has_no_orphans(filled: Study) -> None:
    assert orphans(Watch(filled.store, filled.row.id)) == []


def test_a_trial_that_was_handed_back_is_free_at_once(filled: Study) -> None:
    under_way(filled, Process.mine())
    filled.store.trials.release("other")
    assert orphans(Watch(filled.store, filled.row.id)) == [6]


@pytest.mark.parametrize(
    "gone",
    [
        replace(Process.mine(), pid=2**22 - 1),
        replace(Process.mine(), started=Process.mine().started - 60),
    ],
    ids=["no such process", "a later process of the same number"],
)
def test_a_trial_whose_process_on_this_host_is_gone_is_free_at_once(filled: Study, gone: Process) -> None:
    under_way(filled, gone)
    assert orphans(Watch(filled.store, filled.row.id)) == [6]


@pytest.mark.parametrize("process", [Process.mine(), Process(host="elsewhere", pid=os.getpid(), started=0.0)])
def test_another_trial_is_free_once_its_counter_stood_still(filled: Study, clock: Clock, process: Process) -> None:
    under_way(filled, process)
    watch = Watch(filled.store, filled.row.id, clock)
    assert orphans(watch) == []
    clock.now += STALE_S
    assert orphans(watch) == []
    clock.now += 0.1
    assert orphans(watch) == [6]


def test_a_heartbeat_starts_the_wait_anew(filled: Study, clock: Clock) -> None:
    under_way(filled, Process(host="elsewhere", pid=1, started=0.0))
    watch = Watch(filled.store, filled.row.id, clock)
    assert orphans(watch) == []
    clock.now += STALE_S + 1
    filled.store.trials.heartbeat("other")
    assert orphans(watch) == []
    clock.now += STALE_S + 1
    assert orphans(watch) == [6]
