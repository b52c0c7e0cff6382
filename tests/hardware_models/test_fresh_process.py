import fcntl
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from paretoformer.hardware_models.alternation import Pace
from paretoformer.hardware_models.children import ForkedChild, SpawnedChild
from paretoformer.hardware_models.fresh_process import FreshVisit, MeasuringFailed
from paretoformer.hardware_models.measuring import take_visit
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.energy_counter import EnergyCounterMeter
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.hardware_models.meters.memory import MemoryMeter
from paretoformer.hardware_models.targets import fill
from paretoformer.records.errors import Unavailable
from paretoformer.records.target import Target, parse_target

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
LONG = LatencyMeter(pace=Pace(window_s=600.0))


@pytest.fixture
def meter(quick: Pace) -> LatencyMeter:
    return LatencyMeter(pace=quick)


@pytest.fixture
def target(image_subject: Subject) -> Target:
    return fill(parse_target("cpu"), image_subject.signature)


def pid(visit: FreshVisit) -> int:
    child: Any = visit._child
    return child._process.pid if isinstance(child, SpawnedChild) else child._pid


def gone(process: int) -> bool:
    """Whether it has ended, zombies included."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def eventually(condition: Callable[[], bool], limit_s: float = 20.0) -> bool:
    end = time.monotonic() + limit_s
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_a_visit_comes_back_from_its_process(meter: LatencyMeter, image_subject: Subject, target: Target) -> None:
    with FreshVisit(meter, image_subject, target) as visit:
        visit.ready()
        found = visit.measure()
    assert found.target == str(target)
    assert found.readings["latency"]["busy_ratio"] > 0


def test_the_lease_is_taken_after_the_model_is_ready(image_subject: Subject, target: Target) -> None:
    with FreshVisit(MemoryMeter(), image_subject, target) as visit:
        visit.ready()
        assert not gone(pid(visit))
        visit.measure()


def test_two_visits_stand_side_by_side(meter: LatencyMeter, image_subject: Subject, target: Target) -> None:
    with FreshVisit(meter, image_subject, target) as one, FreshVisit(meter, image_subject, target) as two:
        one.ready(), two.ready()
        assert pid(one) != pid(two)
        assert two.measure().method == one.measure().method


@linux
def test_leaving_the_block_ends_the_process(image_subject: Subject, target: Target) -> None:
    with FreshVisit(LONG, image_subject, target) as visit:
        visit.ready()
        process = pid(visit)
    assert gone(process)


def test_an_error_in_the_process_comes_back_with_its_traceback(
    meter: LatencyMeter, text_subject: Subject, image_subject: Subject, target: Target
) -> None:
    misfit = Subject(architecture=text_subject.architecture, signature=image_subject.signature)
    with FreshVisit(meter, misfit, target) as visit, pytest.raises(MeasuringFailed, match="InvalidArch") as failure:
        visit.ready()
    assert "Traceback" in failure.value.detail


def test_running_out_of_memory_is_said(meter: LatencyMeter, image_subject: Subject, target: Target) -> None:
    assert target.workload
    huge = replace(target, workload=replace(target.workload, batch=10**13))
    with FreshVisit(meter, image_subject, huge) as visit, pytest.raises(MeasuringFailed, match="out of memory"):
        visit.ready()


def test_what_is_unavailable_in_the_process_is_unavailable_here(image_subject: Subject, target: Target) -> None:
    try:
        EnergyCounterMeter().available(target)
    except Unavailable:
        with FreshVisit(EnergyCounterMeter(), image_subject, target) as visit, pytest.raises(Unavailable):
            visit.ready()
    else:
        pytest.skip("this machine has an energy counter")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_is_measured_in_a_fork(image_subject: Subject, meter: LatencyMeter) -> None:
    cuda = fill(parse_target("cuda"), image_subject.signature)
    with FreshVisit(meter, image_subject, cuda) as visit:
        assert isinstance(visit._child, ForkedChild)
        visit.ready()
        assert visit.measure().readings["latency"]["busy_ratio"] > 0


def test_a_process_that_is_killed_is_named_with_its_signal(image_subject: Subject, target: Target) -> None:
    with FreshVisit(LONG, image_subject, target) as visit:
        visit.ready()
        os.kill(pid(visit), signal.SIGKILL)
        with pytest.raises(MeasuringFailed, match="SIGKILL; the system does that when memory runs out"):
            visit.measure()


@linux
def test_a_process_that_takes_too_long_is_ended(image_subject: Subject, target: Target) -> None:
    with FreshVisit(LONG, image_subject, target, limit_s=1.5) as visit:
        visit.ready()
        with pytest.raises(MeasuringFailed, match=r"took longer than 1\.5 s"):
            visit.measure()
        assert eventually(lambda: gone(pid(visit)))


@linux
def test_a_visit_inherits_no_lock(meter: LatencyMeter, image_subject: Subject, target: Target, tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        fcntl.flock(lock, fcntl.LOCK_EX)
        with FreshVisit(meter, image_subject, target) as visit:
            visit.ready()
            folder = Path(f"/proc/{pid(visit)}/fd")
            held = {os.readlink(link) for link in folder.iterdir()}
    assert held
    assert str(tmp_path / "lock") not in held


def test_a_fork_of_the_caller_measures_with_a_server_of_its_own(image_subject: Subject, target: Target) -> None:
    take_visit(MemoryMeter(), image_subject, target)
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    worker = context.Process(target=_visit_and_send, args=(sender, image_subject, target))
    worker.start()
    assert receiver.poll(60)
    assert receiver.recv() == "peak-resident"
    worker.join()
    assert take_visit(MemoryMeter(), image_subject, target).method == "peak-resident"


def _visit_and_send(sender: Any, subject: Subject, target: Target) -> None:
    sender.send(take_visit(MemoryMeter(), subject, target).method)


CALLER = """
import json, sys
from paretoformer.hardware_models.alternation import Pace
from paretoformer.hardware_models.fresh_process import FreshVisit
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.records.target import parse_target

subject = Subject.from_json(json.loads(sys.argv[1]))
with FreshVisit(LatencyMeter(pace=Pace(window_s=600.0)), subject, parse_target(sys.argv[2])) as visit:
    visit.ready()
    from paretoformer.hardware_models import children
    print(visit._child._pid, children._server.process.pid, flush=True)
    visit.measure()
"""


@linux
@pytest.mark.slow
def test_no_process_outlives_a_caller_that_is_killed(image_subject: Subject, target: Target) -> None:
    arguments = [sys.executable, "-c", CALLER, json.dumps(image_subject.to_json()), str(target)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as caller:
        assert caller.stdout
        processes = [int(number) for number in caller.stdout.readline().split()]
        assert len(processes) == 2
        assert not any(gone(process) for process in processes)
        caller.kill()
    assert eventually(lambda: all(gone(process) for process in processes))


UNREADING_CALLER = """
import json, select, sys
from paretoformer.hardware_models import children, fresh_process
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.memory import MemoryMeter
from paretoformer.records.target import parse_target

if sys.argv[3] == "SpawnedChild":
    fresh_process.start_child = lambda device: children.SpawnedChild()
subject = Subject.from_json(json.loads(sys.argv[1]))
with fresh_process.FreshVisit(MemoryMeter(), subject, parse_target(sys.argv[2])) as visit:
    select.select([visit._child.channel], [], [])
    print(getattr(visit._child, "_pid", 0) or visit._child._process.pid, flush=True)
    sys.stdin.read()
"""


@linux
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ForkedChild", "SpawnedChild"])
def test_no_process_outlives_a_caller_that_is_killed_before_it_read_the_answer(
    kind: str, image_subject: Subject, target: Target
) -> None:
    command = [sys.executable, "-c", UNREADING_CALLER, json.dumps(image_subject.to_json()), str(target), kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as caller:
        assert caller.stdout
        process = int(caller.stdout.readline())
        assert not gone(process)
        caller.kill()
    assert eventually(lambda: gone(process))


@pytest.mark.slow
def test_a_spawned_process_makes_the_same_visit(
    image_subject: Subject, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paretoformer.hardware_models.fresh_process.start_child", lambda device: SpawnedChild())
    assert take_visit(MemoryMeter(), image_subject, target).readings["memory"] > 0


@pytest.mark.slow
def test_a_spawned_process_that_fails_says_why(
    text_subject: Subject, image_subject: Subject, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paretoformer.hardware_models.fresh_process.start_child", lambda device: SpawnedChild())
    misfit = Subject(architecture=text_subject.architecture, signature=image_subject.signature)
    with pytest.raises(MeasuringFailed, match="InvalidArchitecture"):
        take_visit(MemoryMeter(), misfit, target)
