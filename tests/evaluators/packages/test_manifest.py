import pytest

from paretoformer.evaluators.packages import manifest
from paretoformer.evaluators.packages.manifest import NAME, State, condition, write_manifest


@pytest.fixture
def kept(tmp_path):
    """A folder with two files and its manifest."""
    folder = tmp_path / "kept"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"one")
    (folder / "deep" / "b.bin").write_bytes(b"two and more")
    write_manifest(folder, {"package": "words"})
    return folder


def test_what_is_as_it_was_fetched_is_whole(kept) -> None:
    assert condition(kept, thorough=True).state is State.WHOLE


def test_what_is_not_there_is_absent(tmp_path) -> None:
    assert condition(tmp_path / "nothing").state is State.ABSENT


def test_a_file_that_a_task_keeps_there_changes_nothing(kept) -> None:
    (kept / "log-mel.safetensors").write_bytes(b"much")
    assert condition(kept, thorough=True).state is State.WHOLE


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "'deep/b.bin' is missing"),
        (b"two", "'deep/b.bin' has 3 bytes and had 12"),
        (b"two and mOre", "'deep/b.bin' has another content"),
    ],
)
def test_each_way_in_which_a_file_changes_is_told(kept, content, sentence) -> None:
    file = kept / "deep" / "b.bin"
    file.unlink() if content is None else file.write_bytes(content)
    assert condition(kept).change == sentence


def test_a_large_package_is_hashed_where_the_look_is_thorough(kept, monkeypatch) -> None:
    monkeypatch.setattr(manifest, "QUICK_BYTES", 14)
    (kept / "a.txt").write_bytes(b"onE")
    assert [condition(kept, thorough=thorough).state for thorough in (False, True)] == [State.WHOLE, State.CHANGED]


@pytest.mark.parametrize("damaged", ["{", "[]", '{"files": 1}', '{"files": {"a.txt": {}}}', '{"files": {"a.txt": 3}}'])
def test_a_damaged_manifest_is_a_change(kept, damaged) -> None:
    (kept / NAME).write_text(damaged)
    assert condition(kept).change == f"'{NAME}' cannot be read"


def test_without_hashes_nothing_is_known(kept) -> None:
    (kept / NAME).write_text('{"package": "words"}')
    assert condition(kept).state is State.UNKNOWN
    (kept / NAME).unlink()
    assert condition(kept).state is State.UNKNOWN
