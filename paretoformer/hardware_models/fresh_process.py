"""One visit in a process of its own, prepared before the device is taken and measured while it is held."""

import json
import select
import signal
from types import TracebackType
from typing import Any, Self

from paretoformer.hardware_models.children import start_child
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.records.errors import Unavailable
from paretoformer.records.target import Target
from paretoformer.runtimes.registry import runtime

LIMIT_S = 120.0
"""Seconds that preparing and measuring may take each, unless the runtime needs more."""


class MeasuringFailed(Exception):
    """A visit that came to nothing. `reason` is one sentence, `detail` the measuring process's traceback if it left one."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


class FreshVisit:
    """A visit of `meter` to `subject`, in three steps.

        with FreshVisit(meter, subject, target) as visit:
            visit.ready()              # built and warm
            with lease:
                found = visit.measure()

    Leaving the block ends the process in any case, and it ends by itself when its caller dies.

    Args:
        meter: with its settings.
        subject: what to measure.
        target: filled.
        limit_s: seconds that each of the two steps may take; the runtime's own or `LIMIT_S` unless given.
    """

    def __init__(self, meter: Meter, subject: Subject, target: Target, *, limit_s: float | None = None) -> None:
        self._request = {
            "method": meter.method,
            "settings": meter.to_json(),
            "subject": subject.to_json(),
            "target": str(target),
        }
        assert target.runtime, "targets are filled before they are measured on"
        self._target = target
        self._limit_s = limit_s or max(LIMIT_S, runtime(target.runtime).limit_s)
        self._received = b""

    def __enter__(self) -> Self:
        try:
            self._child = start_child(self._target.device)
        except OSError as error:
            raise MeasuringFailed(f"no measuring process could be started: {error}") from error
        self._send(self._request)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.kill()
        self._child.channel.close()
        self._child.exit_code()

    def ready(self) -> None:
        """Wait until the model is built and warm.

        Raises:
            MeasuringFailed: it could not be, or took too long.
            Unavailable: the process found that the cost cannot be supplied.
        """
        self._answer("preparing")

    def measure(self) -> Visit:
        """Measure now; raises as `ready` does, which must have been called."""
        self._send({"measure": True})
        return Visit.from_json(self._answer("measuring")["visit"])

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._child.channel.sendall((json.dumps(message) + "\n").encode())
        except OSError:
            raise self._death() from None

    def _answer(self, step: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._line(step))
        if "error" in answer:
            error = answer["error"]
            if error["unavailable"]:
                raise Unavailable(error["unavailable"])
            raise MeasuringFailed(f"{step} on {self._target} failed: {error['reason']}", error["traceback"])
        return answer

    def _line(self, step: str) -> bytes:
        while b"\n" not in self._received:
            if not select.select([self._child.channel], [], [], self._limit_s)[0]:
                self._child.kill()
                raise MeasuringFailed(f"{step} on {self._target} took longer than {self._limit_s:g} s.")
            part = self._receive()
            if not part:
                raise self._death()
            self._received += part
        line, _, self._received = self._received.partition(b"\n")
        return line

    def _receive(self) -> bytes:
        try:
            return self._child.channel.recv(1 << 16)
        except ConnectionResetError:
            return b""

    def _death(self) -> MeasuringFailed:
        code = self._child.exit_code()
        if code >= 0:
            return MeasuringFailed(f"the measuring process on {self._target} ended with exit code {code}.")
        name = signal.Signals(-code).name
        hint = "; the system does that when memory runs out" if name == "SIGKILL" else ""
        return MeasuringFailed(f"the measuring process on {self._target} was ended by {name}{hint}.")
