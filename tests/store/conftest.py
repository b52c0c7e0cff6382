"""A store on each kind of database, fresh for every test."""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest

from paretoformer.store import MeasurementKey, RunRow, Store, StudyRow
from paretoformer.store.tables import metadata

ARCHITECTURE, SIGNATURE, TASK, RECIPE, DEVICE = "a" * 64, "s" * 64, "t" * 64, "r" * 64, "d" * 64
KINDS = ("sqlite", "postgresql")
_numbers = itertools.count()


class Clock:
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000.1

    def __call__(self) -> float:
        return self.now


class Process:
    """Another process that uses a database: `other_process.py` with a command."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, str(Path(__file__).with_name("other_process.py")), *map(str, arguments)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def lines(self) -> list[str]:
        """What it printed, once it has ended."""
        return self._process.communicate(timeout=60)[0].splitlines()

    @property
    def code(self) -> int:
        return self._process.wait(timeout=60)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "store.db"
    Store.open(f"sqlite:///{file}").close()
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> Iterator[str]:
    """The URL of a database that has our tables."""
    with _new_database(postgres_url) as url:
        Store.open(url).close()
        yield url


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with our tables and no rows."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "store.db")
        return f"sqlite:///{tmp_path}/store.db"
    shared: str = request.getfixturevalue("migrated_postgres")
    _administer(shared, ";".join(f"DELETE FROM {table}" for table in reversed(metadata.sorted_tables)))
    return shared


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    with _new_database(request.getfixturevalue("postgres_url")) as url:
        yield url


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(url: str, clock: Clock) -> Iterator[Store]:
    """An open store whose architecture, signature, task, recipe and device are there to be referred to."""
    with Store.open(url, clock=clock) as opened:
        opened.architectures.put(ARCHITECTURE, {"topology": "encoder"})
        opened.signatures.put(SIGNATURE, {"input": "tokens"})
        opened.tasks.put(TASK, {"name": "digits"}, "hash")
        opened.recipes.put(RECIPE, {"batch": 64})
        opened.devices.put(DEVICE, "cpu", {"model": "a processor"})
        yield opened


@pytest.fixture
def study(store: Store) -> StudyRow:
    return store.studies.create("digits", spec={"space": "small"}, seed=7, reference=(1.0, 2.5))


@pytest.fixture
def key() -> MeasurementKey:
    """A stored model on a stored device."""
    return MeasurementKey(
        architecture=ARCHITECTURE,
        signature=SIGNATURE,
        device=DEVICE,
        target="cpu:eager:fp32:1:prefill/1/64",
        method="paired",
        method_version=2,
    )


@pytest.fixture
def new_run(store: Store) -> Callable[[str], RunRow]:
    """Makes the run with a key, or gets it."""

    def make(run_key: str) -> RunRow:
        return store.runs.create_or_get(
            run_key, architecture=ARCHITECTURE, signature=SIGNATURE, task=TASK, recipe=RECIPE, seed=4_000_000_000
        )

    return make


@pytest.fixture
def spawn() -> Callable[..., Process]:
    """Starts another process with a command and its arguments."""
    return Process


@pytest.fixture
def as_nobody() -> Callable[[], AbstractContextManager[None]]:
    """Enters a user whom file permissions bind, since they do not bind root."""

    @contextmanager
    def nobody() -> Iterator[None]:
        if os.getuid() != 0:
            yield
            return
        os.setresuid(65534, 65534, 0)
        try:
            yield
        finally:
            os.setresuid(0, 0, 0)

    return nobody


@contextmanager
def _new_database(server: str) -> Iterator[str]:
    name = f"store_{next(_numbers)}"
    _administer(server, f"CREATE DATABASE {name}")
    yield f"{server.rpartition('/')[0]}/{name}"
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
