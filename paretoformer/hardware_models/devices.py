"""Devices of this machine, and the fingerprint by which their measurements are found again."""

import os
import platform
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
import torch

from paretoformer.hardware_models.datasheets.catalogue import datasheet_names
from paretoformer.hardware_models.nvml import nvml_facts
from paretoformer.kernels import dispatch
from paretoformer.records.canonical import digest
from paretoformer.records.errors import UserError

RUNNING = ("onnxruntime", "openvino")
"""Packages beside torch that run models."""
_CPU = Path("/sys/devices/system/cpu/cpu0")


@dataclass(frozen=True, kw_only=True)
class Device:
    """Something that models run on.

    `fingerprint` holds what makes its measurements comparable: hardware, driver, system and library versions, plain JSON;
    and that kernels are their definitions, where this process was told so.
    `momentary` holds what changes by itself, such as the clock in MHz, and is no part of the digest.
    """

    name: str
    fingerprint: dict[str, Any]
    momentary: dict[str, Any] = field(default_factory=dict, compare=False)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of name and fingerprint."""
        return digest({"name": self.name, "fingerprint": self.fingerprint})


def device_names() -> tuple[str, ...]:
    """Names of the devices that this machine has, the CPU first."""
    return tuple(name for name, (there, _) in _KINDS.items() if there())


def probe(device: str) -> Device:
    """Look at one device.

    Raises:
        UserError: this machine has no such device; lists those that it has, and the datasheets.
    """
    if device not in device_names():
        raise UserError(f"{no_such_device(device)}.")
    return _KINDS[device][1]()


def no_such_device(device: str) -> str:
    """The sentence for a name that is neither a device of this machine nor of a datasheet, without its end."""
    return (
        f"'{device}' is not a device of this machine; it has {', '.join(device_names())}, "
        f"and there are datasheets of {', '.join(datasheet_names())}"
    )


def training_device() -> str:
    """Where models are trained on this machine: its CUDA device if it has one, else the CPU."""
    return "cuda" if "cuda" in device_names() else "cpu"


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu() -> Device:
    frequency = psutil.cpu_freq()
    return Device(
        name="cpu",
        fingerprint={
            **_host(),
            "caches": _caches(),
            "governor": _text(_CPU / "cpufreq/scaling_governor"),
            "capability": torch.backends.cpu.get_cpu_capability(),
        },
        momentary={
            "clock_mhz": round(frequency.current) if frequency else None,
            "most_clock_mhz": round(frequency.max) if frequency and frequency.max else None,
        },
    )


def _cuda() -> Device:
    gpu = torch.cuda.get_device_properties(0)
    managed = nvml_facts(str(gpu.uuid))
    return Device(
        name="cuda",
        fingerprint={
            **_host(),
            "gpu": gpu.name,
            "gpu_memory_mib": gpu.total_memory >> 20,
            "gpu_capability": f"{gpu.major}.{gpu.minor}",
            "gpu_multiprocessors": gpu.multi_processor_count,
            "driver": _first_line(Path("/proc/driver/nvidia/version")),
            "cuda": torch.version.cuda,
            **managed.fingerprint,
        },
        momentary=dict(managed.momentary),
    )


def _mps() -> Device:
    return Device(name="mps", fingerprint=_host())


_KINDS: dict[str, tuple[Callable[[], bool], Callable[[], Device]]] = {
    "cpu": (lambda: True, _cpu),
    "cuda": (torch.cuda.is_available, _cuda),
    "mps": (torch.backends.mps.is_available, _mps),
}


def _host() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": psutil.cpu_count(logical=False),
        "threads": usable_cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "torch": torch.__version__,
        **_installed(),
        "python": platform.python_version(),
        **({"kernels": "reference"} if dispatch.FORCED else {}),
    }


def _installed() -> dict[str, str]:
    """Versions of the libraries beside torch that run models, of those that are installed."""
    found = {}
    for name in RUNNING:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _processor() -> str:
    """Brand with family, model and stepping: virtual machines often shorten the brand alone."""
    first = (_text(Path("/proc/cpuinfo")) or "").partition("\n\n")[0]
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}
    brand = facts.get("model name") or platform.processor() or platform.machine()
    numbers = [facts[key] for key in ("cpu family", "model", "stepping") if key in facts]
    return f"{brand} {'.'.join(numbers)}".rstrip()


def _caches() -> dict[str, str]:
    found = {}
    for folder in sorted(_CPU.glob("cache/index*")):
        level, kind, size = (_text(folder / name) for name in ("level", "type", "size"))
        if level and kind and size:
            found[f"L{level} {kind.lower()}"] = size
    return found


def _first_line(path: Path) -> str | None:
    text = _text(path)
    return " ".join(text.splitlines()[0].split()) if text else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
