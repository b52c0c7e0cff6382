"""A store in memory becomes a file that is whole or not there."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from paretoformer.store import Store, StoreFull


@pytest.fixture
def memory() -> Iterator[Store]:
    with Store.open("sqlite://") as opened:
        opened.studies.create("mine", spec={"filler": "x" * 200_000}, seed=1)
        yield opened


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("only root may mount a small file system")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_the_file_has_every_row_and_nothing_else_is_left(memory: Store, tmp_path: Path) -> None:
    assert memory.write_new(tmp_path / "new.db")
    with Store.open(f"sqlite:///{tmp_path}/new.db", create=False) as found:
        assert found.studies.get("mine") == memory.studies.get("mine")
    assert [path.name for path in tmp_path.iterdir()] == ["new.db"]


def test_a_file_that_is_there_is_left_as_it_is(memory: Store, tmp_path: Path) -> None:
    (tmp_path / "new.db").write_text("another's")
    assert not memory.write_new(tmp_path / "new.db")
    assert (tmp_path / "new.db").read_text() == "another's"
    assert [path.name for path in tmp_path.iterdir()] == ["new.db"]


def test_a_full_disk_is_named_and_left_as_it_was(memory: Store, small_disk: Path) -> None:
    with pytest.raises(StoreFull, match=f"'{small_disk}/new.db' has no room to be made"):
        memory.write_new(small_disk / "new.db")
    assert not list(small_disk.iterdir())
