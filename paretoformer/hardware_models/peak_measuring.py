"""The process that peaks are measured in, and the calls that it makes.

Run as a module with a device's name it makes ready, says so, waits for a line, measures, and writes JSON; see `take_peaks`.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import psutil
import torch

from paretoformer.hardware_models.devices import Device, usable_cores
from paretoformer.hardware_models.foreign_load import LoadMark
from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.hardware_models.peaks import Peak, Peaks
from paretoformer.runtimes.eager import DTYPES

WINDOW_S = 0.6
"""Seconds that each rate is looked for."""
BLOCKS = 5
"""Blocks of a window: the CPU time of other threads is known to some milliseconds only."""
LIMIT_S = 120.0
CPU_SIDE, CPU_SIDE_MANY, GPU_SIDE = 1024, 2048, 8192
MANY_CORES = 8
"""Sides of the square matrices; larger ones on CPUs of more cores than this."""
LEAST_COPY_B, CACHES_OVER = 128 << 20, 4
"""A copy is at least this large, and so many times the last cache; at most an eighth of the free memory."""
NATIVE_BF16 = re.compile(r"^(flags|Features)\s*:.*\b(avx512_bf16|amx_bf16|bf16)\b", re.MULTILINE)
Clock = Callable[[], float]


def take_peaks(device: Device, *, lease: Callable[[], AbstractContextManager[object]] = nullcontext) -> Peaks:
    """Measure a device's peaks in a process of its own, which has made ready before the lease is taken.

    Raises:
        MeasuringFailed: the process failed or took too long.
    """
    with subprocess.Popen(
        [sys.executable, "-P", "-m", __name__, device.name],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        try:
            ready = process.stdout.readline()
            with lease():
                told, wrong = process.communicate("measure\n" if ready else None, timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            raise MeasuringFailed(f"measuring the peaks of {device.name} took longer than {LIMIT_S:g} s.") from None
        except OSError as error:
            raise MeasuringFailed(f"the peaks of {device.name} cannot be measured: {error}.") from error
        finally:
            process.kill()
    if process.returncode or not told:
        last = wrong.strip().splitlines()[-1:] or [f"exit code {process.returncode}"]
        raise MeasuringFailed(f"measuring the peaks of {device.name} failed: {last[0]}", wrong)
    found = json.loads(told)
    return Peaks.from_json({**found, "device": device.digest})


def clock_for(name: str, threads: int) -> Clock:
    """Seconds that threads of a CPU are busy, each with its share, which others on the machine do not add to; wall time elsewhere."""
    if name != "cpu":
        return time.perf_counter
    return time.thread_time if threads == 1 else lambda: time.process_time() / threads


def peaks_here(
    name: str,
    *,
    side: int | None = None,
    size: int | None = None,
    clock: Callable[[str, int], Clock] = clock_for,
    window_s: float = WINDOW_S,
) -> dict[str, Any]:
    """What `Peaks.from_json` takes but for the device's digest, measured in this process.

    Args:
        name: of the device.
        side: of the matrices; unless given, what keeps the device busy.
        size: bytes of a copy; unless given, what no cache holds.
        clock: by device and threads, what tells seconds.
        window_s: seconds that each rate is looked for.
    """
    cores = usable_cores() if name == "cpu" else 1
    side, size = side or _side(name, cores), size or _copied_bytes(name)

    def peak(call: Callable[[], object], units: int) -> dict[str, float]:
        found = []
        for threads in dict.fromkeys((1, cores)):
            torch.set_num_threads(threads)
            found.append(units / _best(call, name, clock(name, threads), window_s))
        return vars(Peak(found[0], max(found)))

    mark = LoadMark.now()
    with torch.inference_mode():
        precisions = [precision for precision in DTYPES if _native(name, precision)]
        macs = {precision: peak(_product(name, side, DTYPES[precision]), side**3) for precision in precisions}
        copied = peak(_copy(name, size), 2 * size)
    return {
        "threads": cores,
        "macs_per_s": macs,
        "bytes_per_s": copied,
        "conditions": {
            "side": side,
            "copied_bytes": size,
            "window_s": window_s,
            "foreign_cores": mark.foreign_cores(LoadMark.now()),
            "torch": torch.__version__,
        },
    }


def _best(call: Callable[[], object], name: str, clock: Clock, window_s: float) -> float:
    """Seconds of one call in the fastest block of the window; as many calls make a block as fill a part of it."""

    def block(calls: int) -> float:
        began = clock()
        for _ in range(calls):
            call()
        _wait(name)
        return max(clock() - began, 1e-9) / calls

    block(1)
    calls = max(1, round(window_s / BLOCKS / min(block(1) for _ in range(BLOCKS))))
    return min(block(calls) for _ in range(BLOCKS))


def _product(name: str, side: int, dtype: torch.dtype) -> Callable[[], object]:
    one, other = (torch.randn(side, side, device=name).to(dtype) for _ in range(2))
    out = torch.empty_like(one)
    return lambda: torch.mm(one, other, out=out)


def _copy(name: str, size: int) -> Callable[[], object]:
    source = torch.ones(size // 4, device=name)
    target = torch.zeros_like(source)
    return lambda: target.copy_(source)


def _wait(name: str) -> None:
    if name != "cpu":
        torch.accelerator.synchronize()


def _side(name: str, cores: int) -> int:
    if name != "cpu":
        return GPU_SIDE
    return CPU_SIDE_MANY if cores > MANY_CORES else CPU_SIDE


def _native(name: str, precision: str) -> bool:
    """Whether the device computes in it at all, and not by another one."""
    if precision == "fp32":
        return True
    if name == "cuda":
        return precision == "fp16" or torch.cuda.is_bf16_supported(including_emulation=False)
    return name == "cpu" and precision == "bf16" and bool(NATIVE_BF16.search(_cpuinfo()))


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text().partition("\n\n")[0]
    except OSError:
        return ""


def _copied_bytes(name: str) -> int:
    if name == "cuda":
        free, cache = torch.cuda.mem_get_info()[0], torch.cuda.get_device_properties(0).L2_cache_size
    else:
        free, cache = psutil.virtual_memory().available, _last_cache()
    return min(max(LEAST_COPY_B, CACHES_OVER * cache), free // 8) // 4 * 4


def _last_cache() -> int:
    """Bytes of the largest cache that one core sees, 0 where the system does not say."""
    sizes = [0]
    for path in Path("/sys/devices/system/cpu/cpu0").glob("cache/index*/size"):
        found = re.fullmatch(r"(\d+)([KMG])", path.read_text().strip())
        if found:
            sizes.append(int(found[1]) << {"K": 10, "M": 20, "G": 30}[found[2]])
    return max(sizes)


if __name__ == "__main__":
    print("ready", flush=True)
    if sys.stdin.readline():
        print(json.dumps(peaks_here(sys.argv[1])))
