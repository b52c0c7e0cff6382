"""Fixtures that several floors share: a real PostgreSQL server, one for each test process; ranks that are threads."""

import os
import queue
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from torch import Tensor

_SERVER_USER = "postgres"
_PATIENCE_S = 30


@pytest.fixture(autouse=True, scope="session")
def no_devices_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Datasheets and peaks that whoever runs the tests has change none of them, and no test adds any."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARETOFORMER_DEVICES", str(tmp_path_factory.mktemp("devices")))
        yield


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of an empty PostgreSQL database on this machine, stopped and removed when the tests end."""
    binaries = _binaries()
    if binaries is None:
        reason = "PostgreSQL's server is not installed (no initdb under /usr/lib/postgresql or on the PATH)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="paretoformer-postgres-", dir="/tmp"))
    if os.getuid() == 0:
        shutil.chown(folder, _SERVER_USER)
    port = _free_port()
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    control = [binaries / "pg_ctl", "-D", folder / "data"]
    try:
        _run(binaries / "initdb", "-D", folder / "data", "-U", _SERVER_USER, "-A", "trust", "-E", "UTF8", "--no-sync")
        _run(*control, "-w", "-o", options, "-l", folder / "log", "start")
        try:
            yield f"postgresql://{_SERVER_USER}@127.0.0.1:{port}/postgres"
        finally:
            _run(*control, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path | None:
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda path: int(path.parts[-3].partition(".")[0]), default=None)
    found = newest or shutil.which("initdb")
    return Path(found).parent if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(*command: str | Path) -> None:
    """Run one of the server's tools, as its own user where this one is root, which the server refuses."""
    user = _SERVER_USER if os.getuid() == 0 else None
    done = subprocess.run(
        [str(part) for part in command],
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd="/tmp",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if "start" not in command else subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=60,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {(done.stdout or b'').decode(errors='replace')}")


class ThreadExchange:
    """The exchange of one of several threads that stand for ranks; counts what it sends, tensor by tensor."""

    def __init__(self, ways: dict[tuple[int, int], "queue.Queue[Tensor]"], rank: int, ranks: int) -> None:
        self.ways, self.rank, self.ranks, self.sent = ways, rank, ranks, 0

    def send(self, x: "Tensor", to: int) -> None:
        self.sent += x.numel() * x.element_size() * (to != self.rank)
        self.ways[self.rank, to].put(x.detach().clone())

    def receive(self, source: int) -> "Tensor":
        return self.ways[source, self.rank].get(timeout=_PATIENCE_S)

    def rotate(self, x: "Tensor") -> "Callable[[], Tensor]":
        self.send(x, (self.rank + 1) % self.ranks)
        return lambda: self.receive((self.rank - 1) % self.ranks)

    def swap(self, x: "Tensor") -> "Tensor":
        for to, part in enumerate(x):
            self.send(part, to)
        got = x.new_empty(x.shape)
        for source in range(self.ranks):
            got[source] = self.receive(source)
        return got

    def gather(self, x: "Tensor") -> "Tensor":
        return self.swap(x.expand(self.ranks, *x.shape))


@pytest.fixture
def on_ranks() -> Callable[[int, Callable[[ThreadExchange], object]], list[object]]:
    """What a call gives on each of so many ranks, which are threads; the first error of one of them is raised."""

    def run(ranks: int, work: Callable[[ThreadExchange], object]) -> list[object]:
        ways = {(a, b): queue.Queue() for a in range(ranks) for b in range(ranks)}
        found: list[object] = [None] * ranks
        errors: list[Exception] = []

        def one(rank: int) -> None:
            try:
                found[rank] = work(ThreadExchange(ways, rank, ranks))
            except Exception as error:
                errors.append(error)

        running = [threading.Thread(target=one, args=(rank,), daemon=True) for rank in range(ranks)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join(2 * _PATIENCE_S)
        for error in sorted(errors, key=lambda error: isinstance(error, queue.Empty)):
            raise error
        return found

    return run
