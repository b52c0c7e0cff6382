"""Free memory, and the limits of control groups."""

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from paretoformer.hardware_models.free_memory import free_bytes


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """One with 1,000 bytes free."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1000))


def group(root: Path, path: str, limit: str, current: int = 300, cached: int = 50) -> None:
    """Write a control group's files."""
    folder = root / "sys/fs/cgroup" / path
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{current}\n")
    (folder / "memory.stat").write_text(f"anon 250\ninactive_file {cached}\n")


def inside(root: Path, path: str) -> Path:
    """Say that this process is in that group."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(f"1:cpu:/elsewhere\n0::/{path}\n")
    return root


def test_without_groups_what_the_system_has_is_free(tmp_path: Path) -> None:
    assert free_bytes("cpu", tmp_path) == 1000


def test_a_containers_limit_counts_less_what_it_uses_but_for_cached_files(tmp_path: Path) -> None:
    group(inside(tmp_path, ""), "", "800")
    assert free_bytes("cpu", tmp_path) == 800 - 300 + 50


def test_a_group_without_a_limit_is_bound_by_the_one_around_it(tmp_path: Path) -> None:
    inside(tmp_path, "outer/inner")
    group(tmp_path, "outer/inner", "max")
    group(tmp_path, "outer", "400")
    assert free_bytes("cpu", tmp_path) == 400 - 300 + 50


def test_a_limit_above_what_is_free_does_not_count(tmp_path: Path) -> None:
    group(inside(tmp_path, ""), "", "5000")
    assert free_bytes("cpu", tmp_path) == 1000


def test_a_limit_that_is_exceeded_leaves_nothing(tmp_path: Path) -> None:
    group(inside(tmp_path, ""), "", "100")
    assert free_bytes("cpu", tmp_path) == 0


def test_a_gpu_has_what_its_driver_tells_and_what_torch_keeps_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (700, 900))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda: 60)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda: 20)
    assert free_bytes("cuda") == 740
