"""Workers as processes of this machine."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from paretoformer.records.errors import UserError
from paretoformer.studies.effort import STORAGE_VARIABLE, Effort, Place

GRACE_S = 20.0


class LocalExecutor:
    """Starts workers, and ends them with the block: first asked to hand their trials back, later killed.

    A worker that dies leaves its trial to the others; if all die, `check` says why. If this process is killed, its
    workers notice and stop.
    """

    def __init__(self, place: Place, effort: Effort) -> None:
        self._place, self._effort = place, effort
        self._workers: list[subprocess.Popen[bytes]] = []
        self._log = place.artifacts / "logs"

    def __enter__(self) -> Self:
        self._log.mkdir(parents=True, exist_ok=True)
        for index in range(self._effort.workers):
            self._workers.append(self._start(self._log / f"{_safe(self._place.study)}-{index}.log"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
        until = time.monotonic() + GRACE_S
        for worker in self._workers:
            try:
                worker.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()

    def running(self) -> bool:
        """Whether a worker is still at work."""
        return any(worker.poll() is None for worker in self._workers)

    def check(self) -> None:
        """Pass if at least one worker came to the end.

        Raises:
            UserError: none did; gives the last line that the first one left.
        """
        codes = [worker.poll() for worker in self._workers]
        if all(code != 0 for code in codes):
            log = Path(self._log / f"{_safe(self._place.study)}-0.log")
            lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
            said = lines[-1] if lines else f"exit code {codes[0]}"
            raise UserError(f"Every worker ended before the study did: {said} (see {log})")

    def _start(self, log: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "paretoformer.studies.worker_process", self._place.study]
        command += ["--artifacts", str(self._place.artifacts), "--parent", str(os.getpid())]
        for name, value in self._effort.worker_options.items():
            command += [f"--{name}", str(value)]
        environment = {**os.environ, STORAGE_VARIABLE: self._place.storage, "OMP_NUM_THREADS": "1"}
        with log.open("wb") as file:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment, start_new_session=True
            )


def _safe(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)[:100]
