"""Several processes and threads at one database."""

import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, text

from paretoformer.records.trial import TrialState
from paretoformer.store import RunRow, Store, StoreUnavailable, StudyRow

Spawn = Callable[..., Any]
PROCESSES = 3
ON_A_SERVER = pytest.mark.parametrize("url", ["postgresql"], indirect=True)


def in_threads(count: int, work: Callable[[int], object]) -> list[object]:
    """What `work` returned in each of `count` threads that start together."""
    results: list[object] = []
    barrier = threading.Barrier(count)

    def body(index: int) -> None:
        barrier.wait(timeout=30)
        results.append(work(index))

    threads = [threading.Thread(target=body, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(results) == count
    return results


def test_processes_may_open_a_new_database_at_once(empty_url: str, spawn: Spawn) -> None:
    processes = [spawn("open_store", empty_url) for _ in range(PROCESSES)]
    assert [(process.lines(), process.code) for process in processes] == [(["0"], 0)] * PROCESSES


def test_processes_number_their_trials_and_ends_without_gaps(
    url: str, store: Store, study: StudyRow, spawn: Spawn
) -> None:
    processes = [spawn("reserve_and_end", url, "digits", f"w{index}", 200) for index in range(PROCESSES)]
    trials = [tuple(map(int, line.split())) for process in processes for line in process.lines()]
    numbers, histories, outcomes = zip(*trials, strict=True)
    assert sorted(numbers) == sorted(outcomes) == list(range(1, 201))
    assert all(history < outcome for history, outcome in zip(histories, outcomes, strict=True))


def test_threads_with_stores_of_their_own_share_the_numbers(url: str, store: Store, study: StudyRow) -> None:
    def reserve(index: int) -> list[int]:
        with Store.open(url) as own:
            return [trial.number for _ in range(25) if (trial := own.trials.reserve(study.id, f"w{index}"))]

    numbers = [number for given in in_threads(8, reserve) for number in given]
    assert sorted(numbers) == list(range(1, 201))


def test_threads_may_share_a_store(store: Store, study: StudyRow) -> None:
    def work(index: int) -> None:
        trial = store.trials.reserve(study.id, f"w{index}")
        assert trial
        store.trials.heartbeat(f"w{index}")
        store.trials.end(trial, TrialState.COMPLETE)

    in_threads(8, work)
    assert store.trials.counts(study.id)[TrialState.COMPLETE] == store.studies.get("digits").outcomes == 8


def test_one_of_many_heirs_takes_a_trial_over(url: str, store: Store, study: StudyRow) -> None:
    seen = store.trials.reserve(study.id, "dead")
    assert seen

    def take(index: int) -> bool:
        with Store.open(url) as own:
            return own.trials.take_over(seen, f"heir{index}") is not None

    assert sorted(map(bool, in_threads(4, take))) == [False, False, False, True]


def test_threads_that_ask_for_one_run_get_the_same(url: str, store: Store, new_run: Callable[[str], RunRow]) -> None:
    digests = {"architecture": "a" * 64, "signature": "s" * 64, "task": "t" * 64, "recipe": "r" * 64}

    def ask(index: int) -> int:
        with Store.open(url) as own:
            return own.runs.create_or_get("k", **digests, seed=0).id

    assert set(in_threads(4, ask)) == {new_run("k").id}


def test_a_process_killed_with_a_trial_leaves_it_to_an_heir(
    url: str, store: Store, study: StudyRow, spawn: Spawn
) -> None:
    assert spawn("die_with_a_trial", url, "digits").code == -signal.SIGKILL
    with Store.open(url) as heir:
        (seen,) = heir.trials.live(study.id)
        taken = heir.trials.take_over(seen, "heir")
        assert taken and (seen.owner, taken.number, taken.epoch) == ("dead", 1, 2)
        assert heir.trials.end(taken, TrialState.COMPLETE).outcome == 1


def test_a_process_killed_in_a_transaction_leaves_nothing_of_it(
    url: str, store: Store, study: StudyRow, spawn: Spawn
) -> None:
    assert spawn("die_in_a_transaction", url, "digits").code == -signal.SIGKILL
    with Store.open(url) as after:
        trial = after.trials.reserve(study.id, "w")
    assert trial and trial.number == 1


def test_what_fails_in_a_transaction_is_rolled_back(store: Store, study: StudyRow) -> None:
    def work(connection: Connection) -> None:
        connection.execute(text("UPDATE study SET trials = 99"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.database.write(work)
    assert store.studies.all() == [study]


@ON_A_SERVER
def test_a_deadlock_runs_the_work_again(url: str, store: Store, study: StudyRow) -> None:
    other = store.studies.create("other", spec={}, seed=0)
    both_hold_one = threading.Barrier(2)
    attempts: list[int] = []

    def cross(index: int) -> None:
        first, second = (study.id, other.id) if index else (other.id, study.id)

        def work(connection: Connection) -> None:
            attempts.append(index)
            lock = text("SELECT id FROM study WHERE id = :id FOR UPDATE")
            connection.execute(lock, {"id": first})
            if len(attempts) <= 2:
                both_hold_one.wait(timeout=30)
            connection.execute(lock, {"id": second})

        with Store.open(url) as own:
            own.database.with_connection(lambda connection: connection.exec_driver_sql("SET deadlock_timeout = '10ms'"))
            own.database.write(work)

    in_threads(2, cross)
    assert len(attempts) > 2


@ON_A_SERVER
def test_a_lost_connection_is_reported_and_the_next_use_opens_another(store: Store, study: StudyRow) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        store.database.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert store.studies.all() == [study]
