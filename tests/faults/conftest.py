"""Studies worked on by real worker processes that can be killed."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from paretoformer.search_spaces.space import SearchSpace
from paretoformer.store import Store
from paretoformer.studies.effort import STORAGE_VARIABLE
from paretoformer.studies.making import make_or_resume, surveyed
from paretoformer.studies.planning import Request, plan

SPACE = {
    "name": "small",
    "title": "Small encoders for fault tests",
    "topology": "encoder",
    "stem": "patches",
    "dimensions": {
        "stem.size": [2, 4],
        "encoder.depth": {"from": 1, "to": 3},
        "encoder.width": [8, 16, 24],
        "encoder.mixer": {"choose": ["softmax", "pooling", "identity"], "per": "layer"},
        "encoder.mixer.heads": [1, 2, 4],
    },
}


SURVIVAL_S = 20.0
"""How long a measuring process may take to notice that its caller is gone."""


@dataclass
class Site:
    """A study with its database and folder, and the worker processes on it."""

    folder: Path
    storage: str
    name: str = "faults"
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def make(self, objectives: str, budget: int, replicates: int = 1) -> None:
        """Make the study."""
        request = Request(
            what="digits",
            space=SearchSpace.from_dict(SPACE),
            objectives=objectives,
            subject_to=("params <= 12k",),
            budget=budget,
            replicates=replicates,
            seed=7,
        )
        with Store.open(self.storage) as store:
            planned = plan(request)
            make_or_resume(store, self.name, planned, surveyed(planned))

    def start(self, trials: int) -> subprocess.Popen[bytes]:
        """A worker that goes on until the study has `trials` trials."""
        command = [sys.executable, "-m", "paretoformer.studies.worker_process", self.name]
        command += ["--artifacts", str(self.folder / "artifacts"), "--trials", str(trials)]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command, env={**os.environ, STORAGE_VARIABLE: self.storage}, stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def finish(self, trials: int, limit_s: float = 120.0) -> None:
        """One worker to the end."""
        assert self.start(trials).wait(limit_s) == 0, (self.folder / "log").read_text()

    def kill_at(self, process: subprocess.Popen[bytes], outcomes: int, delay_s: float) -> None:
        """SIGKILL a worker `delay_s` after the study has that many outcomes."""
        with Store.open(self.storage) as store:
            row = store.studies.get(self.name)
            while store.studies.by_id(row.id).outcomes < outcomes and process.poll() is None:
                time.sleep(0.01)
        time.sleep(delay_s)
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A place for a study in SQLite."""
    yield from _site(tmp_path, f"sqlite:///{tmp_path / 'study.db'}")


@pytest.fixture(params=["sqlite", "postgresql"])
def either_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A place for a study in either database."""
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    if request.param == "postgresql":
        storage = request.getfixturevalue("postgres_url")
    yield from _site(tmp_path, storage)


def _site(folder: Path, storage: str) -> Iterator[Site]:
    found = Site(folder=folder, storage=storage)
    yield found
    for process in found.processes:
        process.kill()
        process.wait()
    end = time.monotonic() + SURVIVAL_S
    while (left := _measuring_processes(storage)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not left, "measuring processes outlived their callers"


def _measuring_processes(storage: str) -> list[psutil.Process]:
    """Those that a worker on this storage started: they inherit its environment."""
    found = []
    for process in psutil.process_iter():
        try:
            command, environment = process.cmdline(), process.environ()
        except psutil.Error:
            continue
        if any("measuring_process" in part for part in command) and environment.get(STORAGE_VARIABLE) == storage:
            found.append(process)
    return found


@pytest.fixture
def rng() -> random.Random:
    """When to kill."""
    return random.Random(20)
