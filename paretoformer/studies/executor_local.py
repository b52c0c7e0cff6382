"""Workers as processes of this machine."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from paretoformer.records.errors import UserError
from paretoformer.studies.effort import Effort, Place
from paretoformer.studies.local_worker import LocalWorker

GRACE_S = 20.0
FRUITLESS = 3
"""So often, for each worker, another is started in place of one that fell while no trial ends; the next fall stays."""


class LocalExecutor:
    """Starts workers, replaces those that fall, and ends them with the block: asked to hand back, later killed.

    A worker that falls leaves its trial to the others or to the one that takes its place; if all are gone before the
    study has enough, `check` says why. If this process is killed, its workers notice and stop.
    """

    def __init__(
        self, place: Place, effort: Effort, make: Callable[[Place, Effort, int], LocalWorker] = LocalWorker
    ) -> None:
        self._workers = [make(place, effort, index) for index in range(effort.workers)]
        self._ended = 0
        self._fruitless = 0

    def __enter__(self) -> Self:
        for count, worker in enumerate(self._workers):
            try:
                worker.start()
            except BaseException:
                self._stop(self._workers[:count])
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop(self._workers)

    def tend(self, ended: int) -> bool:
        """Start another worker in place of each that fell; whether any is at work.

        Args:
            ended: how many trials of the study have ended; where it grows, there is progress.
        """
        if ended > self._ended:
            self._ended, self._fruitless = ended, 0
        for worker in self._workers:
            if worker.fell and self._fruitless < FRUITLESS * len(self._workers):
                self._fruitless += 1
                worker.start()
        return any(worker.code is None for worker in self._workers)

    def check(self) -> None:
        """Pass if at least one worker came to the end.

        Raises:
            UserError: none did; a worker's own sentence, or how the first one ended.
        """
        if any(worker.code == 0 for worker in self._workers):
            return
        for worker in self._workers:
            if worker.mistake:
                raise UserError(worker.mistake)
        first = self._workers[0]
        raise UserError(f"Every worker ended before the study did: {first.ending} (see {first.log}).")

    @staticmethod
    def _stop(workers: list[LocalWorker]) -> None:
        for worker in workers:
            worker.ask_to_stop()
        until = time.monotonic() + GRACE_S
        for worker in workers:
            worker.end(max(0.0, until - time.monotonic()))
