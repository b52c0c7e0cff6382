"""Workers that fall are replaced while that leads anywhere, and what ended them is told."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from paretoformer.records.errors import UserError
from paretoformer.studies.effort import Effort, Place
from paretoformer.studies.executor_local import FRUITLESS, LocalExecutor
from paretoformer.studies.local_worker import LocalWorker

KILLED, MISTAKEN = -9, 2


class Scripted(LocalWorker):
    """A worker whose every process has ended with the next code of a script."""

    def __init__(self, place: Place, effort: Effort, index: int, codes: Iterator[int | None]) -> None:
        super().__init__(place, effort, index)
        self._codes, self._now = codes, None
        self.starts = 0

    def start(self) -> None:
        self._now = next(self._codes)
        self.starts += 1

    @property
    def code(self) -> int | None:
        return self._now

    @property
    def mistake(self) -> str | None:
        return "'x' has no room left." if self._now == MISTAKEN else None

    def end(self, grace_s: float) -> None:
        """It has ended."""


def crew(folder: Path, *scripts: Sequence[int | None]) -> tuple[LocalExecutor, list[Scripted]]:
    made: list[Scripted] = []

    def make(place: Place, effort: Effort, index: int) -> LocalWorker:
        made.append(Scripted(place, effort, index, iter(scripts[index])))
        return made[-1]

    place = Place(study="s", storage="sqlite://", artifacts=folder)
    return LocalExecutor(place, Effort(workers=len(scripts)), make), made


def test_a_worker_that_was_killed_is_replaced(tmp_path: Path) -> None:
    executor, (worker,) = crew(tmp_path, (KILLED, None))
    with executor:
        assert executor.tend(0)
        assert executor.tend(0)
    assert worker.starts == 2


def test_starts_without_progress_are_limited(tmp_path: Path) -> None:
    executor, (worker,) = crew(tmp_path, [KILLED] * 99)
    with executor:
        for _ in range(50):
            working = executor.tend(0)
    assert (worker.starts, working) == (1 + FRUITLESS, False)


def test_progress_allows_further_starts(tmp_path: Path) -> None:
    executor, (worker,) = crew(tmp_path, [KILLED] * 99)
    with executor:
        for ended in range(20):
            executor.tend(ended)
    assert worker.starts == 21


def test_a_worker_that_told_a_mistake_is_not_replaced(tmp_path: Path) -> None:
    executor, (worker,) = crew(tmp_path, (MISTAKEN,))
    with executor:
        assert not executor.tend(0)
    assert worker.starts == 1


def test_a_worker_that_came_to_the_end_is_not_replaced_and_satisfies(tmp_path: Path) -> None:
    executor, workers = crew(tmp_path, (0,), (MISTAKEN,))
    with executor:
        assert not executor.tend(0)
    executor.check()
    assert [worker.starts for worker in workers] == [1, 1]


def test_a_mistake_is_told_in_the_workers_own_words(tmp_path: Path) -> None:
    executor, _ = crew(tmp_path, [KILLED] * 99, (MISTAKEN,))
    with executor:
        for _ in range(50):
            executor.tend(0)
    with pytest.raises(UserError, match=r"^'x' has no room left\.$"):
        executor.check()


def test_the_signal_that_ended_all_is_told_and_not_what_the_log_says_of_an_earlier_trial(tmp_path: Path) -> None:
    executor, (worker,) = crew(tmp_path, [KILLED] * 99)
    worker.log.parent.mkdir()
    worker.log.write_text("trial 1: complete -0.9 0.001\n")
    with executor:
        for _ in range(50):
            executor.tend(0)
    with pytest.raises(UserError, match="Every worker ended .* ended by SIGKILL; the system does that when memory"):
        executor.check()
