"""Conversions are made once, kept whole, and dropped when they are too many."""

import os
from pathlib import Path

import pytest

from paretoformer.records.errors import InvalidArchitecture, UserError
from paretoformer.records.target import parse_target
from paretoformer.runtimes.base import NotConvertible
from paretoformer.runtimes.conversion import files
from paretoformer.runtimes.conversion.files import FACTS_FILE, REFUSAL_FILE, VARIABLE, converted, read_facts, root

TARGET = parse_target("cpu:onnx:fp32:1:prefill/1/1")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def jobs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """Conversions that were asked for; each leaves its facts alone."""
    asked: list[dict] = []

    def convert(job: dict) -> None:
        asked.append(job)
        (Path(job["folder"]) / FACTS_FILE).write_text('{"opset": 20}')

    monkeypatch.setattr(files, "_convert", convert)
    return asked


def test_a_model_is_converted_once(places, jobs: list[dict]) -> None:
    first, second = (converted(*places.encoder, TARGET, seed=0) for _ in range(2))
    assert first == second and len(jobs) == 1
    assert read_facts(first) == {"opset": 20}


@pytest.mark.parametrize("other", ["cpu:onnx:int8:1:prefill/1/1", "cpu:onnx:fp32:1:prefill/2/1"])
def test_other_precisions_and_workloads_are_other_conversions(places, jobs: list[dict], other: str) -> None:
    assert converted(*places.encoder, TARGET, seed=0) != converted(*places.encoder, parse_target(other), seed=0)


def test_threads_make_no_difference(places, jobs: list[dict]) -> None:
    other = parse_target("cpu:openvino:fp32:2:prefill/1/1")
    assert converted(*places.encoder, TARGET, seed=0) == converted(*places.encoder, other, seed=0)


def test_a_conversion_that_fails_leaves_nothing(places, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(job: dict) -> None:
        (Path(job["folder"]) / "half.onnx").write_bytes(b"")
        raise NotConvertible("no")

    monkeypatch.setattr(files, "_convert", fail)
    with pytest.raises(NotConvertible, match="no"):
        converted(*places.encoder, TARGET, seed=0)
    assert list(folder.iterdir()) == []


def test_those_unused_for_longest_are_dropped_for_a_new_one(
    places, jobs: list[dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, used = (converted(*places.encoder, TARGET, seed=seed) for seed in (0, 1))
    for made, when in ((old, 1), (used, 2)):
        (made / "forward.onnx").write_bytes(bytes(100))
        os.utime(made, (when, when))
    monkeypatch.setattr(files, "MOST_BYTES", 150)
    converted(*places.encoder, TARGET, seed=2)
    assert not old.exists() and used.exists()


def test_an_architecture_that_cannot_serve_is_refused_first(places, jobs: list[dict]) -> None:
    with pytest.raises(InvalidArchitecture):
        converted(places.decoder[0], places.signatures["image"], TARGET, seed=0)
    assert jobs == []


def test_a_folder_that_cannot_be_written_is_named(places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file" / "inside"))
    with pytest.raises(UserError, match="folder of conversions .* cannot be written to"):
        converted(*places.encoder, TARGET, seed=0)


def test_the_cache_is_where_the_platform_keeps_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert root() == tmp_path / "paretoformer" / "conversions"


@pytest.mark.slow
def test_the_converting_process_says_why_it_refuses(places, folder: Path) -> None:
    model = places.model_with("mixer", "sparse", decodes=True)
    with pytest.raises(NotConvertible, match="mixer sparse cannot be converted"):
        converted(*model, parse_target("cpu:onnx:fp32:1:decode/1/6/5"), seed=0)
    assert not any(folder.rglob(REFUSAL_FILE))
