"""Finding trials whose worker is gone."""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from paretoformer.store import Store
from paretoformer.store.rows import LiveTrial, WorkerRow

STALE_S = 30.0
"""A heartbeat counter that stood still for this long on our own clock belongs to a worker that is gone."""


@dataclass(frozen=True, kw_only=True)
class Process:
    """What tells a process from a later one with the same number."""

    host: str
    pid: int
    started: float

    @staticmethod
    def mine() -> "Process":
        """This process."""
        return Process(host=socket.gethostname(), pid=os.getpid(), started=psutil.Process().create_time())


class Watch:
    """Watches the live trials of a study; what it returns may be taken over.

    A trial is free at once if it was handed back, or if its worker's process on this host is gone. Else its heartbeat
    counter must stand still for `STALE_S` on the watcher's monotonic clock: no clock of another host is looked at.
    """

    def __init__(self, store: Store, study: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._study, self._clock = store, study, clock
        self._host = socket.gethostname()
        self._since: dict[int, tuple[int, int, float]] = {}

    def orphans(self) -> list[LiveTrial]:
        """Live trials whose worker is gone, by number."""
        live = self._store.trials.live(self._study)
        if not live:
            return []
        workers = {worker.id: worker for worker in self._store.workers.all(self._study)}
        return [trial for trial in live if self._orphaned(trial, workers.get(trial.owner or ""))]

    def _orphaned(self, trial: LiveTrial, worker: WorkerRow | None) -> bool:
        if trial.owner is None:
            return True
        if worker and worker.host == self._host and not _alive(worker):
            return True
        epoch, beat, since = self._since.get(trial.id, (-1, -1, 0.0))
        if (epoch, beat) != (trial.epoch, trial.heartbeat):
            self._since[trial.id] = (trial.epoch, trial.heartbeat, self._clock())
            return False
        return self._clock() - since > STALE_S


def _alive(worker: WorkerRow) -> bool:
    try:
        process = psutil.Process(worker.pid)
        same = abs(process.create_time() - worker.process_started) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
