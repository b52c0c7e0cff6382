"""Attention of one sequence over two processes beside one process: time, bytes sent, peak memory, longest sequence.

The rows of group `distributed` in kernels.py. Times are medians of turns that alternate, one thread a process: the
processor's time of the busier rank, which other work on the machine leaves alone, and wall time between barriers. Memory is
that of a fresh process; beyond CAP_BYTES of it an allocation fails.
"""

import json
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist
from torch.nn.functional import scaled_dot_product_attention

from paretoformer.kernels.distributed_attention import Algorithm, Order, Shards, Sizes, attend_shards, volume
from paretoformer.kernels.distributed_attention.exchange import Alone, GroupExchange
from paretoformer.kernels.distributed_attention.limits import memory
from paretoformer.kernels.softmax_attention import softmax_attention_reference

RANKS, HEADS, WIDTH = 2, 8, 64
TURNS = {1_024: 11, 2_048: 11, 4_096: 7, 8_192: 5}
"""Turns by length."""
CAP_BYTES = 256 << 20
LONGEST = 1 << 15
CHECKED = 1_024
"""Tokens at which every way is held against the definition in float64."""
GROUP_S, PAIR_S = 300, 600
TILES, SCORES = "one process", "one process, all scores"
MOST_SCORES = 2_048
"""Tokens whose scores are made for a time."""
SHARDS = Shards(ranks=RANKS, order=Order.ZIGZAG)
WAYS = (*Algorithm, TILES, SCORES)


def distributed_contests() -> Iterator[tuple[dict[str, Any], None]]:
    """Rows that are timed already, as kernels.py takes them; none on a GPU, which would need a second one."""
    if not torch.cuda.is_available():
        yield from ((row, None) for row in distributed_rows())


def distributed_rows() -> Iterator[dict[str, Any]]:
    """A row for each length, and the longest sequence that each way holds."""
    peaks = {way: dict(_peaks(way)) for way in WAYS}
    for backward in (False, True):
        for length in [4_096] if backward else TURNS:
            found, other = _together(RANKS, _timed, length, backward)
            found |= {f"s {way}": max(found[f"s {way}"], other[f"s {way}"]) for way in WAYS if f"s {way}" in found}
            if not backward:
                found |= {f"peak bytes {way}": peaks[way][length] for way in WAYS if peaks[way].get(length)}
                found |= {f"modelled bytes {way}": _modelled(way, length) for way in WAYS}
            yield _row(length, backward, found)
    longest = {way: max((length for length, peak in peaks[way].items() if peak), default=0) for way in WAYS}
    row: dict[str, Any] = {
        "group": "distributed",
        "case": f"longest of powers of two within {CAP_BYTES >> 20} MiB a process",
    }
    yield row | {f"tokens {way}": length for way, length in longest.items()}


def _row(length: int, backward: bool, found: dict[str, Any]) -> dict[str, Any]:
    name = f"1x{HEADS}x{length}x{WIDTH} causal {'forward + backward' if backward else 'forward'}"
    seconds = {way: found[f"s {way}"] for way in WAYS if f"s {way}" in found}
    others = {way: value for way, value in seconds.items() if way != Algorithm.RING}
    best = min(others, key=others.__getitem__)
    size = 4 * 4 * HEADS * length * WIDTH
    row = {"group": "distributed", "case": name, "bytes": size, **found}
    return row | {"best other": best, "ratio": others[best] / seconds[Algorithm.RING]}


def _modelled(way: str, length: int) -> int:
    alone = way in (TILES, SCORES)
    sizes = Sizes(ranks=1 if alone else RANKS, length=length, heads=HEADS, kv_heads=HEADS, width=WIDTH)
    if way == TILES:
        return 4 * sizes.numbers(HEADS) * sizes.itemsize
    return memory(None if way == SCORES else Algorithm(way), sizes)


def _attend(way: str, operands: list[Tensor], exchange: GroupExchange | Alone) -> Tensor:
    if way == SCORES:
        return softmax_attention_reference(*operands, causal=True)
    if way == TILES:
        return scaled_dot_product_attention(*operands, is_causal=True)
    return attend_shards(*operands, exchange, causal=True, algorithm=way, order=SHARDS.order)


def _operands(length: int, rank: int, alone: bool, backward: bool = False) -> list[Tensor]:
    """q, k, v of a rank, or the whole; of the same numbers."""
    generator = torch.Generator().manual_seed(0)
    whole = [torch.randn(1, HEADS, length, WIDTH, generator=generator) for _ in range(3)]
    own = whole if alone else [SHARDS.take(x, rank, 2) for x in whole]
    return [x.requires_grad_(backward) for x in own]


def _timed(rank: int, length: int, backward: bool) -> dict[str, Any]:
    """Seconds, bytes sent and counted, and at one length the error of each way that this length allows."""
    ways = [way for way in WAYS if way != SCORES or length <= MOST_SCORES]
    given = {way: _operands(length, rank, way in (TILES, SCORES), backward) for way in ways}
    found: dict[str, Any] = {}
    samples: dict[str, list[float]] = {way: [] for way in ways}
    wall: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(TURNS[length] + 1):
        for way in ways:
            exchange = GroupExchange()
            dist.barrier()
            began, used = time.perf_counter(), time.process_time()
            if rank == 0 or way not in (TILES, SCORES):
                out = _attend(way, given[way], exchange)
                if backward:
                    torch.autograd.grad(out, given[way], torch.ones_like(out))
                if turn == 0 and length == CHECKED:
                    found[f"error {way}"] = _error(way, out.detach(), rank)
            used = time.process_time() - used
            dist.barrier()
            if turn:  # the first one warms up
                samples[way].append(used)
                wall[way].append(time.perf_counter() - began)
            elif way in list(Algorithm):
                sizes = Sizes(ranks=RANKS, length=length, heads=HEADS, kv_heads=HEADS, width=WIDTH)
                counted = volume(Algorithm(way), sizes)
                found[f"bytes sent {way}"] = exchange.sent
                found[f"bytes counted {way}"] = counted.forward + (counted.backward if backward else 0)
    found |= {f"wall s {way}": statistics.median(times) for way, times in wall.items()}
    return found | {f"s {way}": statistics.median(times) for way, times in samples.items()}


def _error(way: str, out: Tensor, rank: int) -> float:
    exact = softmax_attention_reference(*(x.double() for x in _operands(CHECKED, rank, True)), causal=True)
    exact = exact if way in (TILES, SCORES) else SHARDS.take(exact, rank, 2)
    return float((out.double() - exact).norm() / exact.norm())


def _peaks(way: str) -> Iterator[tuple[int, int | None]]:
    """(length, the largest peak of a process beyond what it had) as lengths double, None and no more where one failed."""
    length = CHECKED
    while length <= LONGEST:
        found = _together(1 if way in (TILES, SCORES) else RANKS, _peak, way, length)
        peak = None if None in found else max(found)
        yield length, peak
        if peak is None:
            return
        length *= 2


def _peak(rank: int, way: str, length: int) -> int | None:
    alone = way in (TILES, SCORES)
    exchange = Alone() if alone else GroupExchange()
    _attend(way, _operands(64, rank, alone), exchange)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (_status("VmData") + CAP_BYTES, hard))
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    part = length if alone else length // RANKS
    given = [torch.randn(1, HEADS, part, WIDTH) for _ in range(3)]
    try:
        _attend(way, given, exchange)
    except (RuntimeError, MemoryError):  # it is full here, or the other rank was
        return None
    return _status("VmHWM") - before


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1_024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def _together(ranks: int, work: Callable[..., Any], *asked: Any) -> list[Any]:
    """What `work(rank, *asked)` gives in fresh processes that form a group; None where one ended without an answer."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch.distributed", "paretoformer.kernels.distributed_attention"])
    with tempfile.TemporaryDirectory() as folder:
        running = [
            context.Process(target=_one, args=(rank, ranks, folder, work, asked), daemon=True) for rank in range(ranks)
        ]
        for process in running:
            process.start()
        for process in running:
            process.join(PAIR_S)
            process.kill()
        files = [Path(folder) / f"{rank}.json" for rank in range(ranks)]
        return [json.loads(file.read_text()) if file.exists() else None for file in files]


def _one(rank: int, ranks: int, folder: str, work: Callable[..., Any], asked: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    meeting = f"file://{folder}/meeting"
    dist.init_process_group("gloo", meeting, timedelta(seconds=GROUP_S), rank=rank, world_size=ranks)
    found = work(rank, *asked)
    Path(folder, f"{rank}.json").write_text(json.dumps(found))
    if found is not None:
        dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    for row in distributed_rows():
        print(json.dumps(row), flush=True)
