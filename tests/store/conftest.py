"""A store on each kind of database, fresh for every test."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from paretoformer.store import MeasurementKey, Store, StudyRow

_names = itertools.count()
ARCHITECTURE, SIGNATURE, TASK, RECIPE, DEVICE = "a" * 64, "s" * 64, "t" * 64, "r" * 64, "d" * 64


class Clock:
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000.5

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/store.db"
        return
    server = request.getfixturevalue("postgres_url")
    name = f"store_{next(_names)}"
    _administer(server, f"CREATE DATABASE {name}")
    yield server.rsplit("/", 1)[0] + f"/{name}"
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


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
def new_run(store: Store) -> Callable[..., int]:
    """Makes a run with a key and returns its id."""

    def make(run_key: str = "k1") -> int:
        run = store.runs.create_or_get(
            run_key, architecture=ARCHITECTURE, signature=SIGNATURE, task=TASK, recipe=RECIPE, seed=3_000_000_000
        )
        return run.id

    return make


def _administer(server: str, statement: str) -> None:
    engine = create_engine(server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
