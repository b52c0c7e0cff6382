"""A model and a reference timed in turns, block by block, so that what disturbs one disturbs the other."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from paretoformer.hardware_models.stopwatch import Elapsed, Stopwatch
from paretoformer.runtimes.base import Phase

MOST_CALLS = 1000
"""Calls in one block at most."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How a visit is paced, in seconds: warm-up of each side, length of a block, length of the whole; and fewest pairs."""

    warmup_s: float = 0.05
    block_s: float = 0.01
    window_s: float = 0.5
    least_pairs: int = 3


@dataclass(frozen=True)
class Pair:
    """Seconds of one call of the model and of the reference, from two neighbouring blocks."""

    model: Elapsed
    reference: Elapsed


def warmed(phase: Phase, stopwatch: Stopwatch, pace: Pace) -> int:
    """Run growing blocks until the warm-up is over, three at least; gives the calls that fill one block of the pace."""
    walls: list[float] = []
    spent, calls = 0.0, 1
    while len(walls) < 3 or spent < pace.warmup_s:
        walls.append(_block(phase, calls, stopwatch).wall)
        spent += walls[-1] * calls
        filling = max(1, min(MOST_CALLS, round(pace.block_s / max(median(walls), 1e-9))))
        calls = min(2 * calls, filling)
    return filling


def alternate(
    model: tuple[Phase, int], reference: tuple[Phase, int], stopwatch: Stopwatch, pace: Pace
) -> tuple[Pair, ...]:
    """Time blocks of both in turns until the window is full; which of the two goes first changes from pair to pair.

    Args:
        model: a warmed phase with its calls in a block.
        reference: likewise.
        stopwatch: what to time with.
        pace: when to end.
    """
    pairs: list[Pair] = []
    spent = 0.0
    while len(pairs) < pace.least_pairs or spent < pace.window_s:
        sides = [model, reference] if len(pairs) % 2 == 0 else [reference, model]
        times = [_block(phase, calls, stopwatch) for phase, calls in sides]
        spent += sum(elapsed.wall * calls for elapsed, (_, calls) in zip(times, sides, strict=True))
        pairs.append(Pair(*(times if len(pairs) % 2 == 0 else times[::-1])))
    return tuple(pairs)


def median_ratio(pairs: tuple[Pair, ...], clock: Callable[[Elapsed], float]) -> float:
    """Median of the pairwise ratios model / reference, for one call each."""
    return median(clock(pair.model) / clock(pair.reference) for pair in pairs)


def _block(phase: Phase, calls: int, stopwatch: Stopwatch) -> Elapsed:
    """Mean of one call, after one call outside the clock where the block has several: short models depend on caches."""
    ready = phase.calls(calls + 1 if calls > 1 else 1)
    if calls > 1:
        ready.pop(0)()
    elapsed = stopwatch(ready)
    return Elapsed(elapsed.busy / calls, elapsed.wall / calls)
