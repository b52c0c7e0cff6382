"""One rule picks the path of every operation, says what it could not take, and remembers what it took."""

import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from paretoformer.kernels import dispatch, forget_paths, linear_attention, paths_taken, softmax_attention
from paretoformer.kernels.dispatch import Path, choose, defined, forced, off_the_record
from paretoformer.kernels.newton_schulz import newton_schulz
from paretoformer.records.errors import UserError

ON_GPU = SimpleNamespace(is_cuda=True)
ON_CPU = SimpleNamespace(is_cuda=False)


@pytest.fixture(autouse=True)
def fresh(monkeypatch) -> None:
    """Nothing taken, nothing told, a Triton that is there."""
    monkeypatch.setattr(dispatch, "_TAKEN", {})
    monkeypatch.setattr(dispatch, "_TOLD", set())
    monkeypatch.setattr(dispatch, "_HAS_TRITON", True)


def test_away_from_a_gpu_it_is_torchs_operators() -> None:
    assert choose("op", lambda _: pytest.fail("asked"), ON_CPU) is Path.TORCH


@pytest.mark.parametrize("path", [Path.TRITON, Path.TORCH])
def test_on_a_gpu_the_operations_rule_picks(path) -> None:
    assert choose("op", lambda first, other: path, ON_GPU, 1) is path


def test_what_the_kernel_cannot_take_is_told_once(caplog) -> None:
    with caplog.at_level(logging.WARNING):
        paths = [choose("op", lambda _: "too wide", ON_GPU) for _ in range(3)]
    assert paths == [Path.TORCH] * 3
    assert [record.getMessage() for record in caplog.records] == ["op falls back to torch's operators: too wide"]


def test_without_triton_a_gpu_falls_back(monkeypatch, caplog) -> None:
    monkeypatch.setattr(dispatch, "_HAS_TRITON", False)
    with caplog.at_level(logging.WARNING):
        assert choose("op", lambda _: Path.TRITON, ON_GPU) is Path.TORCH
    assert "triton is not installed" in caplog.text


def test_while_exporting_no_kernel_of_ours_is_taken(monkeypatch) -> None:
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)
    assert choose("op", lambda _: Path.TRITON, ON_GPU) is Path.TORCH


def test_paths_are_remembered_by_operation() -> None:
    choose("two", lambda _: Path.TRITON, ON_GPU)
    choose("two", lambda _: Path.TORCH, ON_GPU)
    choose("one", lambda _: Path.TORCH, ON_CPU)
    assert paths_taken() == {"one": ("torch",), "two": ("torch", "triton")}


def test_the_record_says_why_a_kernel_was_not_taken() -> None:
    choose("op", lambda _: "too wide", ON_GPU)
    assert paths_taken() == {"op": ("torch, since too wide",)}


def test_what_is_off_the_record_leaves_no_trace() -> None:
    choose("one", lambda _: Path.TORCH, ON_CPU)
    with off_the_record():
        choose("one", lambda _: Path.TRITON, ON_GPU)
        defined("two")
    assert paths_taken() == {"one": ("torch",)}


@pytest.mark.parametrize("forced", [False, True])
def test_an_operation_without_a_kernel_is_remembered_too(monkeypatch, forced) -> None:
    monkeypatch.setattr(dispatch, "FORCED", forced)
    assert defined("op") is forced
    assert paths_taken() == {"op": ("reference" if forced else "torch",)}


def test_the_record_can_begin_anew() -> None:
    choose("op", lambda _: Path.TORCH, ON_CPU)
    forget_paths()
    assert paths_taken() == {}


def test_operations_tell_what_they_took() -> None:
    x = torch.ones(1, 1, 3, 2)
    softmax_attention(x, x, x, causal=True)
    linear_attention(x, x, x, causal=True)
    assert paths_taken() == {"linear_attention": ("torch",), "softmax_attention": ("torch",)}


def test_forced_definitions_are_taken_everywhere(monkeypatch) -> None:
    monkeypatch.setattr(dispatch, "FORCED", True)
    assert choose("op", lambda _: Path.TRITON, ON_GPU) is Path.REFERENCE


@pytest.mark.parametrize(("value", "expected"), [(None, False), ("", False), ("reference", True)])
def test_the_environment_forces_the_definitions(value, expected) -> None:
    assert forced(value) is expected


def test_another_value_in_the_environment_is_refused() -> None:
    with pytest.raises(UserError, match="PARETOFORMER_KERNELS=fast: 'fast' is no path that can be forced"):
        forced("fast")


def test_a_process_with_the_variable_set_runs_the_definitions() -> None:
    code = (
        "import torch; from paretoformer.kernels import *; x = torch.ones(1, 1, 3, 2); w = torch.ones(2)\n"
        "softmax_attention(x, x, x, causal=True); linear_attention(x, x, x, causal=True); layer_norm(x, w, w, 1e-5)\n"
        "rms_norm(x, w, 1e-5); decode_attention(x[:, :, 0], x, x); print(set(sum(paths_taken().values(), ())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PARETOFORMER_KERNELS": "reference"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "{'reference'}"


def test_the_package_leaves_torchs_compiler_unloaded() -> None:
    code = "import sys, paretoformer.kernels, paretoformer.search_spaces.build; print('torch._dynamo' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_compiled_operation_passes_the_rule_without_a_break() -> None:
    x = torch.ones(1, 1, 3, 2)
    compiled = torch.compile(lambda x: linear_attention(x, x, x, causal=True)[0], backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), linear_attention(x, x, x, causal=True)[0])


def test_what_is_compiled_is_remembered_where_it_is_traced() -> None:
    x = torch.ones(1, 1, 3, 2)
    torch.compile(lambda x: newton_schulz(softmax_attention(x, x, x, causal=True), 1), backend="eager", fullgraph=True)(
        x
    )
    assert paths_taken() == {"newton_schulz": ("torch",), "softmax_attention": ("torch",)}
