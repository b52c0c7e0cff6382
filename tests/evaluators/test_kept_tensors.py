from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from paretoformer.evaluators.kept_tensors import kept


class Counting:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> dict[str, torch.Tensor]:
        self.calls += 1
        return {"x": torch.arange(6).reshape(2, 3).T}


def test_it_is_made_once_and_read_as_it_was_made(tmp_path) -> None:
    make = Counting()
    made, read = (kept(tmp_path / "x.safetensors", make)["x"] for _ in range(2))
    assert make.calls == 1 and torch.equal(made, read)
    assert [file.name for file in tmp_path.iterdir()] == ["x.safetensors"]


def test_a_damaged_file_is_made_anew(tmp_path) -> None:
    file, make = tmp_path / "x.safetensors", Counting()
    kept(file, make)
    file.write_bytes(file.read_bytes()[:-9])
    assert torch.equal(kept(file, make)["x"], make()["x"])
    assert torch.equal(kept(file, pytest.fail)["x"], make()["x"])


@pytest.mark.parametrize("place", [9, 40, -1])
def test_a_changed_byte_is_told_and_mended(tmp_path, caplog, place: int) -> None:
    file, make = tmp_path / "x.safetensors", Counting()
    kept(file, make)
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    assert torch.equal(kept(file, make)["x"], make()["x"])
    assert [record.getMessage() for record in caplog.records] == [
        f"'{file}' is not as it was kept, and its tensors are computed anew."
    ]
    kept(file, pytest.fail)


def test_a_file_without_a_digest_is_told_to_be_of_an_earlier_version_and_made_anew(tmp_path, caplog) -> None:
    file = tmp_path / "x.safetensors"
    save_file({"x": torch.zeros(2, 3)}, file)
    assert torch.equal(kept(file, Counting())["x"], Counting()()["x"])
    assert [record.getMessage() for record in caplog.records] == [
        f"'{file}' is of an earlier version, and its tensors are computed anew."
    ]
    kept(file, pytest.fail)


@pytest.mark.parametrize("failing", ["open", "replace"])
def test_a_folder_that_takes_no_file_only_costs_time(tmp_path, monkeypatch, failing: str) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    if failing == "replace":
        monkeypatch.setattr(Path, "replace", refuse)
    folder = tmp_path if failing == "replace" else tmp_path / "missing"
    make = Counting()
    for _ in range(2):
        assert torch.equal(kept(folder / "x.safetensors", make)["x"], make()["x"])
    assert not list(tmp_path.iterdir())
