"""A small real study of counted costs, and a way to run commands as a shell would."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from paretoformer.cli.main import main
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.store import Store
from paretoformer.studies.bench import open_bench
from paretoformer.studies.lease import Lease
from paretoformer.studies.limits import Limits
from paretoformer.studies.making import make_or_resume, surveyed
from paretoformer.studies.planning import Request, plan
from paretoformer.studies.worker import Worker

SPACE = {
    "name": "small",
    "title": "Small encoders for tests",
    "topology": "encoder",
    "stem": "patches",
    "dimensions": {
        "stem.size": [2, 4],
        "encoder.depth": {"from": 1, "to": 2},
        "encoder.width": [8, 16],
        "encoder.mixer": {"choose": ["softmax", "pooling", "identity"], "per": "layer"},
    },
}


@dataclass(frozen=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output as JSON."""
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """What a mistake was answered with: one line, no traceback, nothing on the output."""
        assert self.code == 2, (self.code, self.out, self.err)
        assert self.out == ""
        (line,) = self.err.splitlines()
        return line


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the databases of two ended studies, `small` and `other`, of four trials each."""
    folder = tmp_path_factory.mktemp("home")
    with Store.open(f"sqlite:///{folder / 'paretoformer.db'}") as store:
        for name, engine in (("small", "tpe"), ("other", "random")):
            request = Request(
                what="digits",
                space=SearchSpace.from_dict(SPACE),
                objectives="accuracy, -macs",
                engine=engine,
                budget=256,
            )
            planned = plan(request)
            make_or_resume(store, name, planned, surveyed(planned))
            bench = open_bench(store, name, folder / "paretoformer-artifacts", lease=Lease("cpu", folder / "locks"))
            Worker(bench, Limits(trials=4)).work()
    return folder


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run a command line in this process, in the folder of the studies."""
    monkeypatch.chdir(home)

    def call(*arguments: str) -> Said:
        code = main(list(arguments))
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call


@pytest.fixture
def shell(tmp_path: Path) -> Callable[..., Said]:
    """Run a command line as a process of its own, in an empty folder."""

    def call(*arguments: str) -> Said:
        command = [sys.executable, "-m", "paretoformer", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"}
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return call
