"""How kernels.py times a call, and the bandwidth that it measures it by."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

GPU = torch.cuda.is_available()
DEVICE = torch.device("cuda" if GPU else "cpu")
SAMPLES = 15


def median_time(call: Callable[..., Any], operands: list[tuple[Any, ...]]) -> tuple[float, float]:
    """(device seconds, seconds of plain calls) of one call, medians over rotating operands."""
    for given in operands[:3]:
        call(*given)
    if not GPU:
        return (_cpu_time(call, operands),) * 2
    eager = _event_time(lambda: [call(*given) for given in operands]) / len(operands)
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.graph(graph):
            for given in operands:
                call(*given)
    except RuntimeError:
        torch.cuda.synchronize()
        return eager, eager
    return _event_time(graph.replay) / len(operands), eager


def _event_time(run: Callable[[], Any]) -> float:
    run()
    times = []
    for _ in range(SAMPLES):
        began, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        began.record()
        run()
        ended.record()
        ended.synchronize()
        times.append(began.elapsed_time(ended) / 1e3)
    return statistics.median(times)


def _cpu_time(call: Callable[..., Any], operands: list[tuple[Any, ...]]) -> float:
    times: list[float] = []
    stop = time.perf_counter() + 1.0
    while len(times) < SAMPLES or (time.perf_counter() < stop and len(times) < 200):
        given = operands[len(times) % len(operands)]
        began = time.process_time()
        call(*given)
        times.append(time.process_time() - began)
        if time.perf_counter() > stop + 4:
            break
    return statistics.median(times)


def bandwidths() -> dict[str, float]:
    """Bytes a second, read and written, of a large copy, a large sum and a large addition; the best is the ceiling."""
    source = torch.ones((1 << 29) if GPU else (64 << 20), dtype=torch.float32, device=DEVICE)
    target = torch.empty_like(source)
    size = 4 * source.numel()
    ways: dict[str, tuple[int, Callable[[], Any]]] = {
        "copy": (2 * size, lambda: target.copy_(source)),
        "add": (2 * size, lambda: torch.add(source, 1.0, out=target)),
        "sum": (size, lambda: source.sum()),
    }
    return {name: moved / median_time(call, [()])[0] for name, (moved, call) in ways.items()}
