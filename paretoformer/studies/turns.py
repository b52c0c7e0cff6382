"""Taking turns with other processes of this host."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

POLL_S = 0.1


@contextmanager
def turn(file: Path, waiting: Callable[[], None], sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Have `file` to oneself; the kernel gives it to the next when a process dies.

    Where files cannot be locked, everyone has it.

    Args:
        file: stays empty.
        waiting: called while another has it; what it raises ends the wait.
        sleep: injected by tests.
    """
    descriptor = -1
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while descriptor >= 0 and not _taken(descriptor):
            waiting()
            sleep(POLL_S)
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _taken(descriptor: int) -> bool:
    """Whether it is ours now; a file system without locks is everyone's."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
