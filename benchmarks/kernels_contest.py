"""A contest of kernels.py: several ways to compute one thing, checked, timed in turns, and their memory at its peak."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from kernels_checks import error, poison
from kernels_timing import GPU, LEAST_TURNS, median_times
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

ROTATED_BYTES = 256 << 20
"""Inputs in rotation, several times an L2 cache."""
SOFTMAX = "softmax (sdpa)"
"""What linear attention stands in for: another function, timed for comparison alone."""
ONE_LAUNCH = "lean, one launch"
"""The other form of lean attention, no alternative to it."""


@dataclass(frozen=True, kw_only=True)
class Contest:
    """One shape, every way to compute it on operands that `operands(seed)` makes; the first way is ours."""

    group: str
    name: str
    bytes: int
    """Read and written at least."""
    operands: Callable[[int], tuple[Any, ...]]
    ways: dict[str, Callable[..., Any]]
    peaks: bool = False
    """Whether ways differ in the memory that they take at most."""
    least_turns: int = LEAST_TURNS


def run(contest: Contest, bandwidth: float, expected: Callable[..., Tensor] | None) -> dict[str, Any]:
    """Check and time the ways of one contest."""
    first = contest.operands(0)
    size = sum(x.numel() * x.element_size() for x in first if isinstance(x, Tensor))
    count = max(1, min(8, -(-ROTATED_BYTES // size))) if GPU else 1
    operands = [first, *(contest.operands(seed) for seed in range(1, count))]
    row: dict[str, Any] = {"group": contest.group, "case": contest.name, "bytes": contest.bytes}
    ways = dict(contest.ways)
    if expected:
        exact = expected(*first)
        for name in [name for name in ways if name != SOFTMAX]:
            try:
                poison(exact)
                found = ways[name](*first)
                row[f"error {name}"] = error(found[0] if isinstance(found, tuple) else found, exact)
            except RuntimeError as failure:
                row[f"failed {name}"] = str(failure).splitlines()[0][:120]
                del ways[name]
        del exact, found
    seconds, eager, failed = median_times(ways, operands, contest.least_turns)
    row |= {f"failed {name}": why for name, why in failed.items()}
    row |= {f"eager s {name}": value for name, value in eager.items()} if GPU else {}
    row |= {f"s {name}": value for name, value in seconds.items()}
    if contest.peaks:
        row |= {f"peak bytes {name}": peak_bytes(ways[name], first) for name in seconds}
    ours = next(iter(contest.ways))
    others = {name: value for name, value in seconds.items() if name not in (ours, SOFTMAX, ONE_LAUNCH)}
    if ours in seconds:
        row["share"] = contest.bytes / seconds[ours] / bandwidth
        if others:
            row["best other"] = min(others, key=others.__getitem__)
            row["ratio"] = min(others.values()) / seconds[ours]
    return row


def peak_bytes(call: Callable[..., Any], operands: tuple[Any, ...]) -> int:
    """The most memory that a call holds beside its operands."""
    if GPU:
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        call(*operands)
        return torch.cuda.max_memory_allocated() - before
    held = most = 0
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        found = call(*operands)
    for event in profiler.profiler.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()
            most = max(most, held)
    del found
    return most
