"""Stopwatches: how long calls keep a processor or an accelerator busy, and how long they take."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from paretoformer.records.target import Target


@dataclass(frozen=True)
class Elapsed:
    """`busy` seconds of the device for this work alone, `wall` seconds in all."""

    busy: float
    wall: float


class Stopwatch(Protocol):
    """Times calls made one after the other."""

    def __call__(self, calls: Sequence[Callable[[], object]]) -> Elapsed:
        """Make the calls and wait until the device has done them."""
        ...


def stopwatch_for(target: Target) -> Stopwatch:
    """CPU time of the thread (of the process where the target has several threads), events on CUDA, wall time elsewhere."""
    if target.device == "cuda":
        return cuda_events
    if target.device == "cpu":
        return thread_time if target.threads == 1 else process_time
    return synchronised_wall


def thread_time(calls: Sequence[Callable[[], object]]) -> Elapsed:
    """CPU time of this thread, which others on the machine do not add to."""
    return _clocked(time.thread_time, calls)


def process_time(calls: Sequence[Callable[[], object]]) -> Elapsed:
    """CPU time of all threads of this process together."""
    return _clocked(time.process_time, calls)


def cuda_events(calls: Sequence[Callable[[], object]]) -> Elapsed:
    """Time between two events of the current CUDA stream."""
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    wall = time.perf_counter()
    start.record()
    for call in calls:
        call()
    end.record()
    torch.cuda.synchronize()
    return Elapsed(start.elapsed_time(end) / 1000, time.perf_counter() - wall)


def synchronised_wall(calls: Sequence[Callable[[], object]]) -> Elapsed:
    """Wall time until the accelerator is idle again; all there is where a device has no better clock."""
    torch.accelerator.synchronize()
    wall = time.perf_counter()
    for call in calls:
        call()
    torch.accelerator.synchronize()
    elapsed = time.perf_counter() - wall
    return Elapsed(elapsed, elapsed)


def _clocked(clock: Callable[[], float], calls: Sequence[Callable[[], object]]) -> Elapsed:
    wall, busy = time.perf_counter(), clock()
    for call in calls:
        call()
    busy = clock() - busy
    return Elapsed(busy, time.perf_counter() - wall)
