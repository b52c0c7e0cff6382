"""A fake stopwatch advances by what each side costs, times a disturbance that both sides share."""

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, repeat
from operator import attrgetter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.hardware_models.alternation import Pace, alternate, median_ratio, warmed
from paretoformer.hardware_models.stopwatch import Elapsed
from paretoformer.runtimes.base import Phase

PACE = Pace(warmup_s=0.1, block_s=0.01, window_s=0.5, least_pairs=4)


class FakeMachine:
    """Phases that cost a known time, and a stopwatch that reads it; `calls` logs every call made."""

    def __init__(self, disturbance: Iterator[float] = repeat(1.0)) -> None:  # noqa: B008
        self.disturbance, self.calls, self.spent = disturbance, [], 0.0

    def phase(self, name: str, seconds: float) -> Phase:
        def call(_: object) -> None:
            self.calls.append(name)
            self.spent += seconds

        return Phase(setup=lambda: None, call=call)

    def stopwatch(self, calls: Sequence[Callable[[], object]]) -> Elapsed:
        before = self.spent
        for call in calls:
            call()
        busy = (self.spent - before) * next(self.disturbance)
        return Elapsed(busy, 2 * busy)


def test_a_ratio_is_that_of_the_two_costs() -> None:
    machine = FakeMachine()
    sides = (machine.phase("model", 0.003), 2), (machine.phase("reference", 0.002), 3)
    assert median_ratio(alternate(*sides, machine.stopwatch, PACE), attrgetter("busy")) == pytest.approx(1.5)


@settings(deadline=None, max_examples=30)
@given(slow=st.floats(1.0, 5.0), cost=st.floats(0.001, 0.02))
def test_what_slows_both_sides_of_a_pair_leaves_the_ratio(slow: float, cost: float) -> None:
    machine = FakeMachine(cycle([1.0, 1.0, slow, slow]))
    sides = (machine.phase("model", cost), 1), (machine.phase("reference", 0.005), 1)
    pairs = alternate(*sides, machine.stopwatch, PACE)
    assert median_ratio(pairs, attrgetter("busy")) == pytest.approx(cost / 0.005)


def test_the_side_that_goes_first_changes_from_pair_to_pair() -> None:
    machine = FakeMachine()
    alternate((machine.phase("m", 1.0), 1), (machine.phase("r", 1.0), 1), machine.stopwatch, PACE)
    assert "".join(machine.calls) == "mrrmmrrm"


def test_a_slow_model_is_timed_in_the_fewest_pairs() -> None:
    machine = FakeMachine()
    pairs = alternate((machine.phase("m", 9.0), 1), (machine.phase("r", 1.0), 1), machine.stopwatch, PACE)
    assert len(pairs) == PACE.least_pairs


def test_a_visit_ends_when_the_window_is_full() -> None:
    machine = FakeMachine()
    pairs = alternate((machine.phase("m", 0.01), 1), (machine.phase("r", 0.015), 1), machine.stopwatch, PACE)
    assert len(pairs) == 10  # 0.05 s of wall time each


def test_a_block_of_several_calls_begins_with_one_outside_the_clock() -> None:
    machine = FakeMachine()
    pairs = alternate((machine.phase("m", 0.1), 3), (machine.phase("r", 0.1), 1), machine.stopwatch, PACE)
    assert machine.calls.count("m") == 4 * len(pairs)
    assert pairs[0].model.busy == pytest.approx(0.1)


@pytest.mark.parametrize(("cost", "calls"), [(1e-3, 5), (1.0, 1), (1e-9, 1000)])
def test_a_block_is_as_long_as_the_pace_says_within_limits(cost: float, calls: int) -> None:
    machine = FakeMachine()
    pace = Pace(warmup_s=0.0, block_s=0.01)
    assert warmed(machine.phase("m", cost), machine.stopwatch, pace) == calls


def test_a_warm_up_lasts_as_long_as_the_pace_says() -> None:
    machine = FakeMachine()
    warmed(machine.phase("m", 0.01), machine.stopwatch, PACE)
    assert len(machine.calls) == 5  # 0.02 s of wall time each


def test_warming_a_tiny_model_takes_few_blocks() -> None:
    machine = FakeMachine()
    blocks: list[int] = []

    def stopwatch(calls: Sequence[Callable[[], object]]) -> Elapsed:
        blocks.append(len(calls))
        return machine.stopwatch(calls)

    warmed(machine.phase("m", 1e-6), stopwatch, PACE)
    assert len(blocks) < 100
