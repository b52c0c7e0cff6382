"""Measuring processes as their caller sees them: forked from a server that has loaded torch, or spawned."""

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from typing import IO, Protocol


class Child(Protocol):
    """A measuring process; `channel` is our end of the talk with it."""

    channel: socket.socket

    def kill(self) -> None:
        """End it at once."""
        ...

    def exit_code(self) -> int:
        """Wait for its end; negative for the signal that killed it."""
        ...


FORKED = ("cpu", "cuda")
"""Devices of which a measuring process can be a fork on Linux: the server has loaded torch and touched no GPU."""


class SpawnedChild:
    """A fresh interpreter, slow by the import of torch."""

    def __init__(self) -> None:
        self.channel, theirs = socket.socketpair()
        with theirs:
            self._process = _start("visit", theirs)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def exit_code(self) -> int:
        """Wait for its end."""
        return self._process.wait()


class ForkedChild:
    """A fork of the server. The server's own child waits for it and reports its end through a pipe."""

    def __init__(self, channel: socket.socket, end: IO[str]) -> None:
        self.channel, self._end = channel, end
        self._pid = int(end.readline() or 0)
        self._code: int | None = None

    def kill(self) -> None:
        """End it at once."""
        if self._pid and self._code is None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def exit_code(self) -> int:
        """Wait for its end; 1 where nobody was left to report it."""
        if self._code is None:
            with self._end as end:
                self._code = int(end.readline() or 1)
        return self._code


class ForkServer:
    """One process for each process that measures; started at the first visit or by `preload`, gone with its caller.

    It starts by exec and is given one socket, so that neither it nor a visit inherits locks or other descriptors.
    """

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair()
        with theirs:
            self.process = _start("fork", theirs)

    def child(self) -> ForkedChild:
        """Fork one measuring process.

        Raises:
            OSError: the server has died.
        """
        ours, theirs = socket.socketpair()
        end, report = os.pipe()
        try:
            socket.send_fds(self.control, [b"+"], [theirs.fileno(), report])
        except OSError:
            os.close(end)
            ours.close()
            raise
        finally:
            theirs.close()
            os.close(report)
        return ForkedChild(ours, open(end))

    def close(self) -> None:
        """End it, even while it still imports; visits that run end with their own channels."""
        self.control.close()
        self.process.kill()
        self.process.wait()


_server: ForkServer | None = None
_guard = threading.Lock()


def preload() -> None:
    """Start the fork server of this process if it has none; importing takes it about two seconds, in the background."""
    global _server
    with _guard:
        if _server is None or _server.process.poll() is not None:
            _server = ForkServer()


def start_child(device: str) -> Child:
    """A measuring process for the device: forked where that is possible, else spawned."""
    if device not in FORKED or sys.platform != "linux":
        return SpawnedChild()
    preload()
    assert _server
    return _server.child()


def _start(mode: str, channel: socket.socket) -> "subprocess.Popen[bytes]":
    """Run the measuring process with our import path and no folder of its own on it, deaf to our terminal's Ctrl-C."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "paretoformer.hardware_models.measuring_process", mode, str(channel.fileno())],
        pass_fds=(channel.fileno(),),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def _end() -> None:
    if _server is not None:
        _server.close()


def _forget() -> None:
    """In a fork of the caller: the server is the caller's; a copy of its socket must not keep it alive."""
    global _server, _guard
    if _server is not None:
        _server.control.close()
        _server.process.returncode = 0
    _server, _guard = None, threading.Lock()


atexit.register(_end)
os.register_at_fork(after_in_child=_forget)
