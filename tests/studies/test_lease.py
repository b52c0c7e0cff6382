"""The lease, with real processes standing in the room."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paretoformer.records.errors import UserError
from paretoformer.studies.lease import Lease

TRAINER = """
import sys, time
from pathlib import Path
from paretoformer.studies.lease import Lease
lease = Lease("cpu", Path(sys.argv[1]))
with lease.shared():
    print("in", flush=True)
    while True:
        time.sleep(0.005)
        lease.step()
"""


@pytest.fixture
def trainers(tmp_path: Path):
    """Starts processes that train for ever in the room."""
    started = []

    def start(count: int) -> list[subprocess.Popen]:
        for _ in range(count):
            process = subprocess.Popen(
                [sys.executable, "-c", TRAINER, str(tmp_path)], stdout=subprocess.PIPE, text=True
            )
            started.append(process)
        for process in started:
            assert process.stdout is not None and process.stdout.readline() == "in\n"
        return started

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_folder_that_cannot_hold_the_locks_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"The folder of locks .*file cannot be used"):
        Lease(folder=tmp_path / "file")


def test_a_measurement_gets_in_between_the_steps_of_four_trainings(tmp_path: Path, trainers) -> None:
    trainers(4)
    lease = Lease("cpu", tmp_path, limit_s=20)
    for _ in range(10):
        with lease.alone():
            pass
    assert not lease.broken


def test_nobody_steps_while_a_measurement_holds_the_lease(tmp_path: Path) -> None:
    measurer, trainer = Lease("cpu", tmp_path), Lease("cpu", tmp_path, limit_s=0.05)
    with measurer.alone(), trainer.shared():
        assert trainer.broken


def test_trainings_share_the_room(tmp_path: Path) -> None:
    one, two = Lease("cpu", tmp_path), Lease("cpu", tmp_path, limit_s=0.05)
    with one.shared(), two.shared():
        assert not two.broken


def test_a_training_that_never_steps_keeps_a_measurement_out(tmp_path: Path) -> None:
    trainer, measurer = Lease("cpu", tmp_path), Lease("cpu", tmp_path, limit_s=0.05)
    with trainer.shared(), measurer.alone():
        assert measurer.broken


def test_a_measurement_inside_shared_work_suspends_it_and_goes_back(tmp_path: Path) -> None:
    lease, other = Lease("cpu", tmp_path), Lease("cpu", tmp_path, limit_s=0.05)
    with lease.shared():
        with lease.alone():
            assert not lease.broken
        with other.alone():
            assert other.broken, "the shared lock must be held again"


def test_killing_a_holder_frees_the_lease_at_once(tmp_path: Path, trainers) -> None:
    (process,) = trainers(1)
    os.kill(process.pid, signal.SIGSTOP)
    blocked = Lease("cpu", tmp_path, limit_s=0.1)
    with blocked.alone():
        assert blocked.broken
    process.kill()
    process.wait()
    free = Lease("cpu", tmp_path, limit_s=5)
    with free.alone():
        assert not free.broken


def test_waiting_is_accounted_by_the_injected_clock(tmp_path: Path) -> None:
    ticks = iter(range(1000))
    trainer = Lease("cpu", tmp_path)
    waiting = Lease("cpu", tmp_path, clock=lambda: float(next(ticks)), sleep=lambda _: None, limit_s=3)
    with trainer.shared(), waiting.alone():
        assert waiting.waited_s >= 3


def test_a_forked_child_does_not_keep_the_lease(tmp_path: Path) -> None:
    lease = Lease("cpu", tmp_path)
    with lease.shared():
        child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(30,))
        child.start()
    other = Lease("cpu", tmp_path, limit_s=5)
    lease.close()
    with other.alone():
        assert not other.broken
    child.kill()
    child.join()


def test_one_wait_that_was_too_long_does_not_mark_the_next_measurement(tmp_path: Path) -> None:
    trainer, measurer = Lease("cpu", tmp_path), Lease("cpu", tmp_path, limit_s=0.05)
    with trainer.shared(), measurer.alone():
        assert measurer.broken
    with measurer.alone():
        assert not measurer.broken


def test_devices_have_leases_of_their_own(tmp_path: Path) -> None:
    cpu, cuda = Lease("cpu", tmp_path), Lease("cuda", tmp_path, limit_s=0.05)
    with cpu.alone(), cuda.alone():
        assert not cuda.broken
