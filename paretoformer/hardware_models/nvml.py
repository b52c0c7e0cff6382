"""What a GPU's management library says of it, where nvidia-ml-py is installed."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any


@dataclass(frozen=True, kw_only=True)
class GpuFacts:
    """`fingerprint` is what makes measurements comparable, `momentary` what changes by itself; both empty without NVML."""

    fingerprint: Mapping[str, Any] = field(default_factory=dict)
    momentary: Mapping[str, Any] = field(default_factory=dict)


def nvml_facts(uuid: str, load: Callable[[], ModuleType | None] | None = None) -> GpuFacts:
    """Driver and power limit of a GPU, and its clocks and temperature now.

    Args:
        uuid: of the GPU, as torch writes it.
        load: gives the library, None where there is none; injected by tests.
    """
    nvml: Any = (load or _installed)()
    if nvml is None:
        return GpuFacts()
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return GpuFacts()
    try:
        handle = nvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")
        limits = {
            "driver_version": lambda: nvml.nvmlSystemGetDriverVersion(),
            "power_limit_w": lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000,
        }
        now = {
            "clock_mhz": lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM),
            "most_clock_mhz": lambda: nvml.nvmlDeviceGetMaxClockInfo(handle, nvml.NVML_CLOCK_SM),
            "memory_clock_mhz": lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_MEM),
            "temperature_c": lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU),
        }
        return GpuFacts(fingerprint=_told(limits, nvml), momentary=_told(now, nvml))
    except nvml.NVMLError:
        return GpuFacts()
    finally:
        nvml.nvmlShutdown()


def _told(asked: Mapping[str, Callable[[], Any]], nvml: Any) -> dict[str, Any]:
    """What can be told of it."""
    found = {}
    for name, ask in asked.items():
        with suppress(nvml.NVMLError):
            value = ask()
            found[name] = value.decode() if isinstance(value, bytes) else value
    return found


def _installed() -> ModuleType | None:
    try:
        return import_module("pynvml")
    except ImportError:
        return None
