"""Energy from the counters of the processor or GPU, read by zeus."""

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, ClassVar

import torch

from paretoformer.hardware_models.alternation import Pace, warmed
from paretoformer.hardware_models.calibration import Calibration
from paretoformer.hardware_models.foreign_load import LoadMark
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.meters.kernel_paths import KERNELS, paths_condition, paths_together
from paretoformer.hardware_models.meters.registry import register_meter
from paretoformer.hardware_models.stopwatch import stopwatch_for
from paretoformer.kernels import forget_paths
from paretoformer.records.errors import Unavailable
from paretoformer.records.measurement import Measurement
from paretoformer.records.target import Target
from paretoformer.runtimes.base import Phase
from paretoformer.runtimes.registry import runtime

WINDOW = "visit"
"""The name of a window of zeus; a process has one at a time."""
FLOOR = 0.02
"""Half of the narrowest interval, as a share of the value."""


@register_meter
@dataclass(frozen=True, kw_only=True)
class EnergyCounterMeter(Meter):
    """Joules that the device's counter advanced while the model ran without pause, divided by the calls.

    CPU: all packages' RAPL counters, thus the whole processor, other programs included. CUDA: the GPU's NVML counter. Idle power is
    part of the figure, and is measured before and kept in the conditions. The window is ten times the 100 ms in which
    an NVML counter moves. No counter means unavailable; zeus itself would say 0.
    """

    method: ClassVar[str] = "counter"
    method_version: ClassVar[int] = 1
    quantities: ClassVar[tuple[str, ...]] = ("energy",)
    visits_before: ClassVar[int] = 2
    visits_after: ClassVar[int] = 2

    window_s: float = 1.0
    idle_s: float = 1.0

    def available(self, target: Target) -> None:
        """Zeus is installed and finds a counter of the device."""
        read_energy(open_monitor(target.device), lambda: None)

    def prepare(self, subject: Subject, target: Target) -> Callable[[], Visit]:
        """Build and warm; the visit takes the idle window and the window."""
        assert target.runtime
        monitor = open_monitor(target.device)
        read_energy(monitor, lambda: None)
        forget_paths()
        phases = runtime(target.runtime).prepare(subject.architecture, subject.signature, target, seed=0).phases
        return self.prepare_with(phases["latency"], target, monitor)

    def prepare_with(self, phase: Phase, target: Target, monitor: Any) -> Callable[[], Visit]:
        """`prepare` with the phase and a zeus monitor handed in."""
        assert target.runtime
        stopwatch = stopwatch_for(target)
        calls = warmed(phase, stopwatch, Pace())
        kernels = paths_condition(runtime(target.runtime))

        def visit() -> Visit:
            mark = LoadMark.now()
            idle_j, idle_s = read_energy(monitor, lambda: time.sleep(self.idle_s))
            done = 0

            def work() -> None:
                nonlocal done
                spent = 0.0
                while spent < self.window_s:
                    spent += stopwatch(phase.calls(calls)).wall
                    done += calls

            joules, seconds = read_energy(monitor, work)
            if joules <= 0:
                raise Unavailable(f"the energy counter stood still for {seconds:.1f} s")
            return Visit(
                method=self.method,
                method_version=self.method_version,
                target=str(target),
                readings={"energy": joules / (done * phase.units)},
                conditions={
                    "window_j": joules,
                    "window_s": seconds,
                    "calls": done,
                    "idle_w": idle_j / idle_s,
                    "foreign_cores": mark.foreign_cores(LoadMark.now()),
                    "threads": target.threads,
                    "torch": torch.__version__,
                    **kernels,
                },
            )

        return visit

    def summarise(self, visits: Sequence[Visit], calibration: Calibration | None = None) -> tuple[Measurement, ...]:
        """Joules of one call, or of one new token of a decode; see the contract."""
        target = self.of_one_subject(visits)
        samples = tuple(float(visit.readings["energy"]) for visit in visits)
        value = median(samples)
        return (
            Measurement(
                quantity="energy",
                unit="J",
                value=value,
                low=min(value * (1 - FLOOR), *samples),
                high=max(value * (1 + FLOOR), *samples),
                samples=samples,
                provenance=self.provenance,
                method=self.method,
                method_version=self.method_version,
                target=target,
                conditions={**paths_together(visits), "visits": [_without_paths(visit.conditions) for visit in visits]},
            ),
        )


def _without_paths(conditions: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in conditions.items() if name != KERNELS}


def read_energy(monitor: Any, work: Callable[[], object]) -> tuple[float, float]:
    """Joules and seconds of a zeus window around `work`.

    Raises:
        Unavailable: no counter was read: zeus gives no GPU and no CPU energy then, and a total of 0.
    """
    monitor.begin_window(WINDOW)
    try:
        work()
    finally:
        found = end_window(monitor)
    return joules_of(found)


def end_window(monitor: Any) -> Any:
    """What zeus found in the window named `WINDOW`; that it was too short for a counter is told by its 0, and no warning."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The energy consumption of one or more GPUs was measured as zero")
        return monitor.end_window(WINDOW)


def joules_of(found: Any) -> tuple[float, float]:
    """Joules and seconds of a window that has ended; raises as `read_energy`."""
    counters = [*(found.gpu_energy or {}).values(), *(found.cpu_energy or {}).values()]
    if not counters:
        raise Unavailable("this machine has no energy counter that can be read (RAPL on a CPU, NVML on a GPU)")
    return float(sum(counters)), float(found.time)


def open_monitor(device: str) -> Any:
    """A zeus monitor of a device's counters: all packages' of a processor, all GPUs' on CUDA.

    Raises:
        Unavailable: zeus is not installed, knows no counter of such a device, or may not read it.
    """
    try:
        from zeus.monitor import ZeusMonitor
    except ImportError as error:
        raise Unavailable(
            "counters are read by zeus, which is not installed: pip install 'paretoformer[energy]'"
        ) from error
    if device not in ("cpu", "cuda"):
        raise Unavailable(f"device {device} has no counter that zeus reads by the call")
    try:
        return ZeusMonitor(**({"cpu_indices": []} if device == "cuda" else {"gpu_indices": []}))
    except (RuntimeError, OSError) as error:
        raise Unavailable(f"the energy counter cannot be read: {error}") from error
