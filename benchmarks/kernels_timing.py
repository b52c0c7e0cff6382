"""How kernels.py times a call, and the bandwidth that it measures it by."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

GPU = torch.cuda.is_available()
DEVICE = torch.device("cuda" if GPU else "cpu")
TURNS = 40
LEAST_TURNS = 9
MOST_S = 0.7
"""After which no further turn begins."""


def median_times(
    ways: dict[str, Callable[..., Any]], operands: list[tuple[Any, ...]], least_turns: int = LEAST_TURNS
) -> tuple[dict[str, float], dict[str, float], dict[str, str]]:
    """(device seconds, seconds of plain calls, why there are none) of each way on the operands in rotation.

    Medians; the ways take turns, since a card changes its clocks as it goes. On a CPU both are its processor's time.
    """
    ready: dict[str, Callable[[], Any]] = {}
    eager: dict[str, float] = {}
    failed: dict[str, str] = {}
    for name, call in ways.items():
        try:
            ready[name], eager[name] = _prepared(call, operands)
        except RuntimeError as failure:
            failed[name] = str(failure).splitlines()[0][:120]
    samples: dict[str, list[float]] = {name: [] for name in ready}
    stop = time.perf_counter() + MOST_S
    for turn in range(TURNS):
        if turn >= least_turns and time.perf_counter() > stop:
            break
        for name, run in ready.items():
            samples[name].append(_event_time(run) if GPU else _cpu_time(run))
    device = {name: statistics.median(times) / len(operands) for name, times in samples.items()}
    return device, eager if GPU else device, failed


def _prepared(call: Callable[..., Any], operands: list[tuple[Any, ...]]) -> tuple[Callable[[], Any], float]:
    """(what runs the call on all operands, on a GPU a graph's replay; seconds of a plain call there)."""

    def run() -> None:
        for given in operands:
            call(*given)

    run()
    if not GPU:
        return run, 0.0
    run()
    eager = statistics.median(_event_time(run) for _ in range(LEAST_TURNS)) / len(operands)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    graph.replay()
    return graph.replay, eager


def _event_time(run: Callable[[], Any]) -> float:
    began, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    began.record()
    run()
    ended.record()
    ended.synchronize()
    return float(began.elapsed_time(ended)) / 1e3


def _cpu_time(run: Callable[[], Any]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


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
    seconds, _, _ = median_times({name: call for name, (_, call) in ways.items()}, [()])
    return {name: moved / seconds[name] for name, (moved, _) in ways.items()}
