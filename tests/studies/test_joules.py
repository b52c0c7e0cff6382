"""Joules of work, counted or unknown."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from paretoformer.records.errors import Unavailable
from paretoformer.studies.joules import EnergyCounter, Joules
from paretoformer.studies.seconds import Seconds


class Counter:
    """A zeus monitor of a processor; each window advances it by the next number."""

    def __init__(self, advances: Iterator[float]) -> None:
        self._advances = advances
        self.open: list[str] = []

    def begin_window(self, name: str) -> None:
        assert not self.open
        self.open.append(name)

    def end_window(self, name: str) -> SimpleNamespace:
        self.open.remove(name)
        return SimpleNamespace(gpu_energy={}, cpu_energy={0: next(self._advances)}, time=1.5)


def joules_by(*advances: float) -> tuple[Joules, Counter]:
    counter = Counter(iter(advances))
    return Joules(EnergyCounter("cpu", lambda device: counter)), counter


def test_joules_add_up_by_the_kind_of_work() -> None:
    joules, _ = joules_by(4.0, 1.0, 2.0)
    for kind in ("training", "measuring", "training"):
        with joules.of(kind):
            pass
    assert joules.to_json() == {"training": 6.0, "measuring": 1.0}


def test_where_nothing_was_done_nothing_is_said() -> None:
    assert joules_by()[0].to_json() is None


def test_what_work_took_before_it_failed_is_counted() -> None:
    joules, counter = joules_by(3.0)
    with pytest.raises(ZeroDivisionError), joules.of("training"):
        1 / 0  # noqa: B018
    assert (joules.to_json(), counter.open) == ({"training": 3.0}, [])


def test_a_counter_that_stands_still_is_unknown_and_no_zero() -> None:
    joules, _ = joules_by(0.0)
    with joules.of("training"):
        pass
    assert joules.to_json() == {"unknown": "the energy counter stood still for 1.5 s"}


@pytest.mark.parametrize(
    ("error", "reason"), [(Unavailable("zeus is not installed"), "zeus is not installed"), (OSError("x"), "OSError: x")]
)
def test_without_a_counter_the_reason_is_kept_and_nobody_asks_again(error: Exception, reason: str) -> None:
    asked: list[str] = []

    def refuse(device: str) -> Any:
        asked.append(device)
        raise error

    counter = EnergyCounter("cuda", refuse)
    for _ in range(2):
        joules = Joules(counter)
        with joules.of("training"):
            pass
        assert joules.to_json() == {"unknown": reason}
    assert asked == ["cuda"]


def test_a_counter_that_fails_in_the_middle_takes_nothing_from_the_work() -> None:
    joules, _ = joules_by(2.0)
    done = []
    for kind in ("training", "measuring"):
        with joules.of(kind):
            done.append(kind)
    assert done == ["training", "measuring"]
    assert joules.to_json() == {"training": 2.0, "unknown": "StopIteration: "}


def test_joules_taken_while_work_is_under_way_are_those_until_then() -> None:
    joules, _ = joules_by(2.0, 3.0)
    with joules.of("training"):
        assert joules.take() == {"training": 2.0}
    assert joules.take() == {"training": 3.0}
    assert joules.take() is None


def test_seconds_taken_while_work_is_under_way_are_those_until_then() -> None:
    now = [0.0]
    seconds = Seconds(lambda: now[0], lambda: 0.0)
    with seconds.of("training"):
        now[0] = 2.0
        assert seconds.take()["training"] == 2.0
        now[0] = 5.0
    assert seconds.take() == {"training": 3.0, "measuring": 0.0, "waiting": 0.0, "other": 0.0}


def test_seconds_that_were_neither_waited_nor_worked_are_other() -> None:
    now, waited = [0.0], [0.0]
    seconds = Seconds(lambda: now[0], lambda: waited[0])
    now[0] = 1.0
    with seconds.of("training"):
        now[0], waited[0] = 5.0, 1.5
    now[0] = 5.25
    assert seconds.all() == {"training": 2.5, "measuring": 0.0, "waiting": 1.5, "other": 1.25}
