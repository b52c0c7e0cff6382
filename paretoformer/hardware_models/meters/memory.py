"""Peak memory, in a pass of its own: what building and running a model adds to a process that has loaded the libraries."""

import ctypes
import gc
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import ClassVar

import torch

from paretoformer.hardware_models.calibration import Calibration
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.meters.kernel_paths import paths_condition, paths_together
from paretoformer.hardware_models.meters.registry import register_meter
from paretoformer.hardware_models.reference import reference_for
from paretoformer.kernels import forget_paths
from paretoformer.records.errors import Unavailable
from paretoformer.records.measurement import Measurement
from paretoformer.records.signature import Signature
from paretoformer.records.target import Target
from paretoformer.runtimes.base import Phase
from paretoformer.runtimes.registry import runtime
from paretoformer.search_spaces.architecture import Architecture

CLEAR_REFS, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")
RESET_PEAK = "5"
FLOOR_B = 512 * 1024
"""Half of the narrowest interval on a CPU: where the allocator finds its pages differs by this much between processes."""


@register_meter
@dataclass(frozen=True, kw_only=True)
class MemoryMeter(Meter):
    """Weights, activations and state at their peak while the workload runs.

    CPU: the peak of resident memory (VmHWM, reset once the model is built and what building alone took,
    as fp32 weights before int8, is given back) minus what was resident before it was built; pages
    of files, which are the libraries', are taken out of both. A small reference runs first, so that what the libraries
    allocate once is there already. CUDA: the peak of torch's allocator.
    """

    method: ClassVar[str] = "peak-resident"
    method_version: ClassVar[int] = 3
    quantities: ClassVar[tuple[str, ...]] = ("memory",)

    def available(self, target: Target) -> None:
        """Linux and CUDA can tell a peak from a moment on."""
        if target.device == "cpu" and not (CLEAR_REFS.exists() and "VmHWM" in STATUS.read_text()):
            raise Unavailable("the peak of a process can be reset on Linux only (/proc/self/clear_refs)")
        if target.device not in ("cpu", "cuda"):
            raise Unavailable(f"device {target.device} reports no peak")

    def prepare(self, subject: Subject, target: Target) -> Callable[[], Visit]:
        """Nothing of the model is built before the visit, since its weights are part of what is measured."""
        assert target.runtime and target.workload
        run, reference = runtime(target.runtime), reference_for(subject.signature, target.workload)

        def build(architecture: Architecture, signature: Signature) -> list[Phase]:
            return list(run.prepare(architecture, signature, target, seed=0).phases.values())

        _run(build(reference.architecture, reference.signature))
        peak = _cuda_peak if target.device == "cuda" else _resident_peak

        def visit() -> Visit:
            forget_paths()
            found = peak(partial(build, subject.architecture, subject.signature))
            return Visit(
                method=self.method,
                method_version=self.method_version,
                target=str(target),
                readings={"memory": found},
                conditions={"threads": target.threads, "torch": torch.__version__, **paths_condition(run)},
            )

        return visit

    def summarise(self, visits: Sequence[Visit], calibration: Calibration | None = None) -> tuple[Measurement, ...]:
        """Bytes; see the contract."""
        target = self.of_one_subject(visits)
        samples = tuple(float(visit.readings["memory"]) for visit in visits)
        value = median(samples)
        floor = 0 if target.startswith("cuda") else FLOOR_B
        return (
            Measurement(
                quantity="memory",
                unit="B",
                value=value,
                low=max(0.0, min(value - floor, *samples)),
                high=max(value + floor, *samples),
                samples=samples,
                provenance=self.provenance,
                method=self.method,
                method_version=self.method_version,
                target=target,
                conditions={**visits[0].conditions, **paths_together(visits)},
            ),
        )


def _run(phases: list[Phase]) -> None:
    for phase in phases:
        phase.calls(1)[0]()


def _resident_peak(build: Callable[[], list[Phase]]) -> int:
    """Bytes of anonymous memory at the peak beyond those before building."""
    gc.collect()
    _give_back_free_memory()
    before = _resident("RssAnon")
    phases = build()
    gc.collect()
    _give_back_free_memory()
    CLEAR_REFS.write_text(RESET_PEAK)
    _run(phases)
    return max(0, _resident("VmHWM") - _resident("RssFile") - _resident("RssShmem") - before)


def _cuda_peak(build: Callable[[], list[Phase]]) -> int:
    """Bytes that torch's allocator had handed out at the peak beyond those before building."""
    gc.collect()
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    phases = build()
    torch.cuda.reset_peak_memory_stats()
    _run(phases)
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before


def _resident(name: str) -> int:
    """A line of the process's status, in bytes."""
    found = re.search(rf"^{name}:\s*(\d+) kB", STATUS.read_text(), re.MULTILINE)
    assert found, name
    return int(found[1]) * 1024


def _give_back_free_memory() -> None:
    """Return what the allocator keeps for later use, which a model would otherwise use unseen."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
