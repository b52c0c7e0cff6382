"""How much of the machine others used while we measured."""

import os
import time
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class LoadMark:
    """Counters of CPU time at a moment; two of them give the load between."""

    busy_s: float
    own_s: float
    at_s: float

    @staticmethod
    def now() -> "LoadMark":
        """Read the machine's counters and this process's own."""
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
        own = os.times()
        return LoadMark(sum(times) - idle - guests, own.user + own.system, time.perf_counter())

    def foreign_cores(self, later: "LoadMark") -> float:
        """Cores that other processes kept busy between the two marks, on average; resolves about 10 ms of CPU time."""
        spent = (later.busy_s - self.busy_s) - (later.own_s - self.own_s)
        return max(0.0, spent) / max(later.at_s - self.at_s, 1e-9)
