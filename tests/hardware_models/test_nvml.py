"""What a GPU's management library says, with a fake one."""

from types import SimpleNamespace
from typing import Any

import pytest

from paretoformer.hardware_models.nvml import GpuFacts, nvml_facts


class NVMLError(Exception):
    """As the library has it."""


def library(**changes: Any) -> Any:
    def refuse(*_: Any) -> Any:
        raise NVMLError

    functions = {
        "NVMLError": NVMLError,
        "NVML_CLOCK_SM": 1,
        "NVML_CLOCK_MEM": 2,
        "NVML_TEMPERATURE_GPU": 0,
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetHandleByUUID": lambda uuid: uuid,
        "nvmlSystemGetDriverVersion": lambda: b"550.1",
        "nvmlDeviceGetEnforcedPowerLimit": lambda handle: 450_000,
        "nvmlDeviceGetClockInfo": lambda handle, which: {1: 2520, 2: 10501}[which],
        "nvmlDeviceGetMaxClockInfo": lambda handle, which: 3105,
        "nvmlDeviceGetTemperature": lambda handle, which: 41,
    }
    refused = {name: refuse for name, there in changes.items() if not there}
    return SimpleNamespace(**{**functions, **refused})


def test_limits_make_the_fingerprint_and_clocks_the_moment() -> None:
    found = nvml_facts("abc", library)
    assert found.fingerprint == {"driver_version": "550.1", "power_limit_w": 450.0}
    assert found.momentary == {
        "clock_mhz": 2520,
        "most_clock_mhz": 3105,
        "memory_clock_mhz": 10501,
        "temperature_c": 41,
    }


def test_what_a_gpu_does_not_tell_is_left_out() -> None:
    found = nvml_facts("abc", lambda: library(nvmlDeviceGetEnforcedPowerLimit=False, nvmlDeviceGetTemperature=False))
    assert set(found.fingerprint) == {"driver_version"}
    assert "temperature_c" not in found.momentary


@pytest.mark.parametrize("missing", ["nvmlInit", "nvmlDeviceGetHandleByUUID"])
def test_a_library_that_does_not_work_tells_nothing(missing: str) -> None:
    assert nvml_facts("abc", lambda: library(**{missing: False})) == GpuFacts()


def test_without_the_library_nothing_is_told() -> None:
    assert nvml_facts("abc", lambda: None) == GpuFacts()
