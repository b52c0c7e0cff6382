"""A worker process of this machine: its start, its log, and what is to be said of its end."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from typing import Any

from paretoformer.records.errors import UserError
from paretoformer.studies.effort import STORAGE_VARIABLE, Effort, Place

MOST_SAID = 2**16


class LocalWorker:
    """Starts a worker and watches its process. What ends it in one sentence comes through a pipe: a log needs a disk.

    Args:
        place: the study, and the folder of the log.
        effort: when the study has enough.
        index: tells the workers of one search apart, from 0.
    """

    def __init__(self, place: Place, effort: Effort, index: int) -> None:
        self._place, self._effort = place, effort
        self.log = place.artifacts / "logs" / f"{_safe(place.study)}-{index}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe = -1
        self._said: dict[str, Any] | None = None

    def start(self) -> None:
        """Start the process; after one that fell, its log goes on.

        Raises:
            UserError: the log cannot be written.
        """
        mode = "wb" if self._process is None else "ab"
        self._hang_up()
        self._said = None
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            with self.log.open(mode) as file:
                self._process = self._popen(file.fileno())
        except OSError as error:
            raise UserError(f"The log {self.log} cannot be written: {error.strerror}.") from error

    @property
    def code(self) -> int | None:
        """The exit code, a negative number for a signal; None while it runs."""
        assert self._process is not None, "it was not started"
        return self._process.poll()

    @property
    def mistake(self) -> str | None:
        """The sentence in which it told a user's mistake, or what a user can mend; None if it ended otherwise."""
        said = self._heard()
        return said["mistake"] if self.code is not None and "mistake" in said else None

    @property
    def fell(self) -> bool:
        """Whether it was ended by a signal or a crash, so that another may do better."""
        return self.code not in (None, 0) and self.mistake is None

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        code = self.code
        assert code is not None, "it runs"
        if code < 0:
            name = signal.Signals(-code).name
            hint = "; the system does that when memory runs out" if name == "SIGKILL" else ""
            return f"its process was ended by {name}{hint}"
        crash = self._heard().get("crash")
        return f"its process ended with exit code {code}{f', {crash}' if crash else ''}"

    def ask_to_stop(self) -> None:
        """Ask it to hand its trial back and end."""
        if self.code is None and self._process:
            self._process.send_signal(signal.SIGTERM)

    def end(self, grace_s: float) -> None:
        """Wait for its end, and kill it after `grace_s`."""
        assert self._process is not None, "it was not started"
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._heard()
        self._hang_up()

    def _popen(self, log: int) -> subprocess.Popen[bytes]:
        self._pipe, far = os.pipe()
        os.set_blocking(self._pipe, False)
        command = [sys.executable, "-P", "-m", "paretoformer.studies.worker_process", self._place.study]
        command += ["--artifacts", str(self._place.artifacts), "--parent", str(os.getpid()), "--report", str(far)]
        for name, value in self._effort.worker_options.items():
            command += [f"--{name}", str(value)]
        environment = {**os.environ, STORAGE_VARIABLE: self._place.storage, "OMP_NUM_THREADS": "1"}
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
                pass_fds=(far,),
            )
        finally:
            os.close(far)

    def _heard(self) -> dict[str, Any]:
        """What the process said of its end; nothing while it runs."""
        if self._said is None and self.code is not None:
            try:
                self._said = dict(json.loads(os.read(self._pipe, MOST_SAID)))
            except (OSError, ValueError):
                self._said = {}
        return self._said or {}

    def _hang_up(self) -> None:
        if self._pipe >= 0:
            with contextlib.suppress(OSError):
                os.close(self._pipe)
            self._pipe = -1


def _safe(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)[:100]
