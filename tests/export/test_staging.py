import pytest

from paretoformer.export.staging import staged
from paretoformer.records.errors import UserError


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_all_names_appear_when_the_block_ends(tmp_path):
    with staged(tmp_path / "out", ["a", "b"], force=False) as parts:
        for name, part in parts.items():
            (part / "file").write_text(name)
        assert all(name.startswith(".") for name in names(tmp_path / "out"))
    assert names(tmp_path / "out") == ["a", "b"]
    assert (tmp_path / "out" / "b" / "file").read_text() == "b"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_nothing(tmp_path, error):
    with pytest.raises(error), staged(tmp_path / "out", ["a"], force=False) as parts:
        (parts["a"] / "file").write_text("half")
        raise error
    assert names(tmp_path) == []


def test_a_block_that_fails_leaves_a_folder_that_was_there(tmp_path):
    (tmp_path / "mine").write_text("")
    with pytest.raises(ValueError), staged(tmp_path, ["a"], force=False):
        raise ValueError
    assert names(tmp_path) == ["mine"]


def test_a_full_disk_is_told_in_a_sentence(tmp_path):
    with (
        pytest.raises(UserError, match="out' cannot be written: No space left"),
        staged(tmp_path / "out", ["a"], force=False),
    ):
        raise OSError(28, "No space left on device")
    assert names(tmp_path) == []


def test_a_link_in_the_place_is_never_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "proof.json").write_text("{}")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="is no export"), staged(tmp_path / "out", ["a"], force=True):
        pass
    assert names(tmp_path / "elsewhere") == ["proof.json"]


def test_hidden_folders_of_the_user_stay(tmp_path):
    mine = [".cache.old", ".download.part", ".a.part"]
    for name in mine:
        (tmp_path / name).mkdir()
    with staged(tmp_path, ["a"], force=False):
        pass
    assert names(tmp_path) == sorted([*mine, "a"])
