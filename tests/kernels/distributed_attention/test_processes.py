"""Attention over real processes, which talk by gloo and meet in a file."""

import json
import multiprocessing
import runpy
from multiprocessing.context import BaseContext
from pathlib import Path

import pytest
import torch
from torch import distributed as dist

from paretoformer.kernels.distributed_attention import distributed_attention
from paretoformer.records.errors import UserError

PROGRAM = Path(__file__).parent / "rank.py"
DEADLINE_S = 100
TOLERANCE = {"torch.float64": (1e-12, 1e-10), "torch.float32": (1e-6, 1e-5), "torch.bfloat16": (2e-2, 8e-2)}
"""Of the largest difference of an output and of a gradient; all have a size of about 1."""

pytestmark = pytest.mark.skipif(
    not (dist.is_available() and dist.is_gloo_available()), reason="this torch was built without gloo"
)


@pytest.fixture(scope="module")
def server() -> BaseContext:
    """Processes that start with torch imported, once for all of them."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch.distributed", "paretoformer.kernels.distributed_attention"])
    return context


def run(server: BaseContext, ranks: int, folder: Path, what: str) -> list:
    """What each rank wrote, None where it wrote nothing."""
    running = [
        server.Process(
            target=runpy.run_path, args=(str(PROGRAM), {"GIVEN": (rank, ranks, folder, what)}, "__main__"), daemon=True
        )
        for rank in range(ranks)
    ]
    try:
        for process in running:
            process.start()
        for process in running if what != "stands still" else running[:-1]:
            process.join(DEADLINE_S)
            assert process.exitcode == 0
    finally:
        for process in running:
            process.kill()
    files = [folder / f"{rank}.json" for rank in range(ranks)]
    return [json.loads(file.read_text()) if file.exists() else None for file in files]


@pytest.mark.parametrize("ranks", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_processes_find_what_one_finds_and_send_what_was_counted(ranks, tmp_path, server) -> None:
    found = run(server, ranks, tmp_path, "compare")
    assert [len(rows) for rows in found] == [36] * ranks
    for row in (row for rows in found for row in rows):
        there, back = TOLERANCE[row["dtype"]]
        assert row["error"] <= there and row["gradient error"] <= back, row
        assert row["sent"] == row["counted"], row


@pytest.mark.parametrize("way", ["dies", "stands still", "dies on the way back"])
def test_a_rank_that_goes_ends_the_others_with_a_sentence(way, tmp_path, server) -> None:
    left = run(server, 2, tmp_path, way)[0][0]
    assert left["told"].startswith("rank 0 of 2 lost ") and left["seconds"] < 30
    assert "\n" not in left["told"]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["dies", "stands still", "dies on the way back"])
def test_a_rank_that_goes_ends_all_three_others(way, tmp_path, server) -> None:
    for rank, rows in enumerate(run(server, 4, tmp_path, way)[:3]):
        assert rows[0]["told"].startswith(f"rank {rank} of 4 lost ")


@pytest.mark.slow
def test_a_group_of_some_processes_is_one_of_its_own(tmp_path, server) -> None:
    *others, one, two = run(server, 4, tmp_path, "subgroup")
    assert one[0]["error"] <= 1e-12 and two[0]["error"] <= 1e-12
    assert [rows[0]["refused"] for rows in others] == [
        f"process {rank} is not in the group that it was given." for rank in range(2)
    ]


def test_without_a_process_group_it_says_how_to_make_one() -> None:
    x = torch.ones(1, 1, 2, 2)
    with pytest.raises(UserError, match=r"needs a process group, and there is none; call .*init_process_group"):
        distributed_attention(x, x, x, causal=True)
