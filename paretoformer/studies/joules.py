"""Where the energy of a trial went, as far as the device has a counter."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from paretoformer.hardware_models.meters.energy_counter import WINDOW, end_window, joules_of, open_monitor
from paretoformer.records.errors import Unavailable

UNKNOWN = "unknown"
"""The name of the reason among the joules, where some or all could not be read."""


class EnergyCounter:
    """The counter of the device that trains, opened at the first use; it may be that there is none.

    It counts all that the device does, other processes and idling included: the packages of a processor (RAPL), or the GPUs
    (NVML). Whatever fails in it is kept as the `reason`, and takes nothing from the work that it was to count.
    """

    def __init__(self, device: str = "cpu", opened: Callable[[str], Any] = open_monitor) -> None:
        self._device, self._opened = device, opened
        self._monitor: Any = None
        self.reason: str | None = None

    def begin(self) -> bool:
        """Count from now on; whether it does."""
        if self.reason is None:
            try:
                self._monitor = self._monitor or self._opened(self._device)
                self._monitor.begin_window(WINDOW)
            except Exception as error:
                self.reason = _told(error)
        return self.reason is None

    def end(self) -> float | None:
        """Joules since it began; None, which is not 0, where it cannot tell."""
        try:
            joules, seconds = joules_of(end_window(self._monitor))
            if joules > 0:
                return joules
            self.reason = f"the energy counter stood still for {seconds:.1f} s"
        except Exception as error:
            self.reason = _told(error)
        return None


class Joules:
    """Adds up what a counter advances while work of a kind is done; where it cannot be read, keeps the reason and no 0."""

    def __init__(self, counter: EnergyCounter) -> None:
        self._counter = counter
        self._spent: dict[str, float] = {}
        self._unknown: str | None = None
        self._kind: str | None = None
        self._counting = False

    @contextmanager
    def of(self, kind: str) -> Iterator[None]:
        """Count what happens inside as `kind`."""
        self._begin(kind)
        try:
            yield
        finally:
            self._end()

    def take(self) -> dict[str, Any] | None:
        """All since it was made or taken from last, what is under way among it, to be kept elsewhere; it goes on from nothing."""
        kind = self._kind
        if kind is not None:
            self._end()
        taken = self.to_json()
        self._spent, self._unknown = {}, None
        if kind is not None:
            self._begin(kind)
        return taken

    def _begin(self, kind: str) -> None:
        self._kind, self._counting = kind, self._counter.begin()

    def _end(self) -> None:
        joules = self._counter.end() if self._counting else None
        assert self._kind is not None, "what ends was begun"
        if joules is None:
            self._unknown = self._unknown or self._counter.reason
        else:
            self._spent[self._kind] = self._spent.get(self._kind, 0.0) + joules
        self._kind = None

    def to_json(self) -> dict[str, Any] | None:
        """By kind, and the reason where some are unknown; None where nothing was done."""
        unknown = {} if self._unknown is None else {UNKNOWN: self._unknown}
        return {**self._spent, **unknown} or None


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, Unavailable) else f"{type(error).__name__}: {error}"
