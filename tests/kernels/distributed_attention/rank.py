"""One rank of a gloo group, run as a process by test_processes.py, which gives it GIVEN: rank, ranks, folder, what."""

import json
import os
import signal
import time
from datetime import timedelta
from pathlib import Path

import torch
from torch import distributed as dist

from paretoformer.kernels.distributed_attention import (
    Algorithm,
    LostRank,
    Order,
    Shards,
    Sizes,
    attend_shards,
    distributed_attention,
    volume,
)
from paretoformer.kernels.distributed_attention.exchange import GroupExchange
from paretoformer.kernels.softmax_attention import softmax_attention_reference

GROUP_S = 60
PATIENCE_S = 3.0
LENGTH, HEADS, KV, WIDTH = 48, 8, 4, 8


def operands(dtype: torch.dtype) -> list[torch.Tensor]:
    """The same on every rank: q, k, v and the gradient of out."""
    generator = torch.Generator().manual_seed(0)
    shapes = [(2, heads, LENGTH, WIDTH) for heads in (HEADS, KV, KV, HEADS)]
    return [torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype) for shape in shapes]


def compare(rank: int, ranks: int) -> list[dict]:
    """Every algorithm, order and dtype beside the whole attention, and bytes sent beside those counted."""
    rows = []
    for dtype in (torch.float64, torch.float32, torch.bfloat16):
        whole = operands(dtype)
        for causal in (False, True):
            given = [x.double().requires_grad_() for x in whole[:3]]
            out = softmax_attention_reference(*given, causal=causal)
            exact = [out, *torch.autograd.grad(out, given, whole[3].double())]
            for order in Order:
                for algorithm in Algorithm:
                    rows.append(one(rank, ranks, whole, exact, causal, order, algorithm))
    return rows


def one(rank, ranks, whole, exact, causal, order, algorithm) -> dict:
    """One call and its gradients on this rank's shards."""
    shards, exchange = Shards(ranks=ranks, order=order), GroupExchange(timeout_s=GROUP_S)
    *given, dout = (shards.take(x, rank, 2) for x in whole)
    given = [x.requires_grad_() for x in given]
    out = attend_shards(*given, exchange, causal=causal, order=order, algorithm=algorithm)
    found = [out, *torch.autograd.grad(out, given, dout)]
    errors = [
        float((x.detach().double() - shards.take(y.detach(), rank, 2)).abs().max())
        for x, y in zip(found, exact, strict=True)
    ]
    sizes = Sizes(
        ranks=ranks, length=LENGTH, heads=HEADS, kv_heads=KV, width=WIDTH, batch=2, itemsize=whole[0].element_size()
    )
    counted = volume(algorithm, sizes)
    return {
        "case": f"{algorithm} {order} {'causal' if causal else 'full'}",
        "dtype": str(whole[0].dtype),
        "error": errors[0],
        "gradient error": max(errors[1:]),
        "sent": exchange.sent,
        "counted": counted.forward + counted.backward,
    }


def wait_until_all_joined(rank: int, ranks: int, folder: Path) -> None:
    """Without a message, since one on its way to a rank that goes could itself be what the others miss."""
    (folder / f"{rank}.joined").touch()
    while not all((folder / f"{other}.joined").exists() for other in range(ranks)):
        time.sleep(0.01)


def lose(rank: int, ranks: int, folder: Path, way: str) -> list[dict]:
    """The last rank goes (dies, stands still, or dies on the way back); what the others are told, after how long."""
    wait_until_all_joined(rank, ranks, folder)
    shards = Shards(ranks=ranks)
    given = [shards.take(x, rank, 2).requires_grad_() for x in operands(torch.float32)[:3]]
    goes = rank == ranks - 1
    if goes and way == "dies":
        os._exit(0)
    if goes and way == "stands still":
        signal.pause()  # until the test ends it
    began, told = time.monotonic(), None
    try:
        out = distributed_attention(*given, causal=True, timeout_s=PATIENCE_S)
        if goes:
            os._exit(0)
        out.sum().backward()
    except LostRank as error:
        told = str(error)
    return [{"told": told, "seconds": time.monotonic() - began}]


def subgroup(rank: int, ranks: int) -> list[dict]:
    """Attention of the last two ranks alone; the others are refused."""
    group = dist.new_group([ranks - 2, ranks - 1])
    shards, (q, k, v, _) = Shards(ranks=2), operands(torch.float64)
    place = max(0, rank - (ranks - 2))
    given = [shards.take(x, place, 2) for x in (q, k, v)]
    try:
        out = distributed_attention(*given, causal=True, group=group)
    except ValueError as error:
        return [{"refused": str(error)}]
    exact = shards.take(softmax_attention_reference(q, k, v, causal=True), place, 2)
    return [{"error": float((out - exact).abs().max())}]


def main(rank: int, ranks: int, folder: Path, what: str) -> None:
    """Join the group, do what is asked, write what came of it; where a rank goes, end without waiting for it."""
    torch.set_num_threads(1)
    meeting = f"file://{folder / 'meeting'}"
    dist.init_process_group("gloo", meeting, timedelta(seconds=GROUP_S), rank=rank, world_size=ranks)
    whole = {"compare": compare, "subgroup": subgroup}
    rows = whole[what](rank, ranks) if what in whole else lose(rank, ranks, folder, what)
    (folder / f"{rank}.json").write_text(json.dumps(rows))
    if what not in whole:
        os._exit(0)
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*GIVEN)  # noqa: F821
