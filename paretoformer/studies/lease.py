"""One lock per device, so that nothing trains while something is timed."""

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from paretoformer.records.errors import UserError

POLL_S = 0.002
LIMIT_S = 120.0
"""A holder that has not let go for this long is taken for stopped, and is not waited for."""


class Lease:
    """Shared by trainings, held alone by a measurement.

    Two files: everyone passes the gate, trainings then stand in the room together. A measurer keeps the gate while it
    waits for the room to empty and while it measures, so that it goes next and no newcomer gets in front. The kernel
    frees both locks when a holder dies.

    Args:
        device: name of the device; the lock files of a host are shared by all its users' processes of one user.
        folder: where the files lie, a folder of this user's in the system's temporary folder unless given.
        clock, sleep: injected by tests.

    Raises:
        UserError: the files cannot be made or opened.
    """

    def __init__(
        self,
        device: str = "cpu",
        folder: Path | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        limit_s: float = LIMIT_S,
    ) -> None:
        folder = folder or default_folder()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._gate = os.open(folder / f"{device}.gate", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._room = os.open(folder / f"{device}.room", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UserError(f"The folder of locks {folder} cannot be used: {error.strerror}.") from error
        self._clock, self._sleep, self._limit_s = clock, sleep, limit_s
        self._inside = False
        self.waited_s = 0.0
        self.broken = False
        """Whether a limit ran out since the device was last taken alone: what is measured then is not to be trusted."""
        os.register_at_fork(after_in_child=self.close)

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Stand in the room, for training, evaluating or fitting. Call `step` often inside."""
        self._enter()
        try:
            yield
        finally:
            self._leave()

    def step(self) -> None:
        """Between two steps of shared work: let a waiting measurement go first."""
        if self._inside:
            self._leave()
            self._enter()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Have the device to oneself, for measuring. Shared work of the same process is suspended."""
        self.broken = False
        was_inside = self._inside
        if was_inside:
            self._leave()
        try:
            self._take(self._gate, fcntl.LOCK_EX)
            self._take(self._room, fcntl.LOCK_EX)
            yield
        finally:
            fcntl.flock(self._room, fcntl.LOCK_UN)
            fcntl.flock(self._gate, fcntl.LOCK_UN)
            if was_inside:
                self._enter()

    def close(self) -> None:
        """Let go of everything and of the files."""
        open_files = (self._room, self._gate)
        self._room = self._gate = -1
        for descriptor in open_files:
            if descriptor >= 0:
                os.close(descriptor)

    def _enter(self) -> None:
        self._take(self._gate, fcntl.LOCK_SH)
        fcntl.flock(self._gate, fcntl.LOCK_UN)
        self._take(self._room, fcntl.LOCK_SH)
        self._inside = True

    def _leave(self) -> None:
        fcntl.flock(self._room, fcntl.LOCK_UN)
        self._inside = False

    def _take(self, descriptor: int, kind: int) -> None:
        """Take a lock; waiting is polled, so that a holder that was stopped does not stop everyone."""
        if _try(descriptor, kind):
            return
        began = self._clock()
        while not _try(descriptor, kind):
            if self._clock() - began > self._limit_s:
                self.broken = True
                break
            self._sleep(POLL_S)
        self.waited_s += self._clock() - began


def default_folder() -> Path:
    """The lock folder of this user on this host."""
    return Path(tempfile.gettempdir()) / f"paretoformer-{os.getuid()}"


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
