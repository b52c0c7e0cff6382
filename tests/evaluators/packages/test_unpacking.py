import tarfile
import zipfile

import pytest

from paretoformer.evaluators.packages.unpacking import unpack
from paretoformer.records.errors import UserError

from .conftest import tar_of

FILES = {"top/a.txt": b"one", "top/deep/b.txt": b"two", "other/c.txt": b"three"}


@pytest.fixture(params=["tar", "zip"])
def archive(request, tmp_path):
    """Makes an archive of files."""

    def make(files=FILES):
        path = tmp_path / f"archive.{request.param}"
        if request.param == "tar":
            path.write_bytes(tar_of(files))
        else:
            with zipfile.ZipFile(path, "w") as packed:
                for name, content in files.items():
                    packed.writestr(name, content)
        return path

    return make


def found(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ({"top/*": ""}, {"a.txt": b"one", "deep/b.txt": b"two"}),
        ({"top/deep/b.txt": "x"}, {"x/b.txt": b"two"}),
        ({"*": ""}, FILES),
        ({"top/a.*": "", "other/?.txt": "y/z"}, {"a.txt": b"one", "y/z/c.txt": b"three"}),
    ],
)
def test_files_that_match_go_to_their_folder(archive, tmp_path, keep, expected) -> None:
    unpack(archive(), keep, tmp_path / "out")
    assert found(tmp_path / "out") == expected


@pytest.mark.parametrize("path", ["../evil", "top/../../evil", "/evil"])
def test_a_path_that_leads_out_is_refused(archive, tmp_path, path) -> None:
    with pytest.raises(UserError, match="leads out of its folder"):
        unpack(archive({path: b"x"}), {"*": ""}, tmp_path / "out" / "deep")
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE], ids=["link", "hard", "device"])
def test_what_is_no_regular_file_is_passed_over(tmp_path, kind) -> None:
    path = tmp_path / "archive.tar"
    path.write_bytes(tar_of({"top/a.txt": b""}, kind))
    with pytest.raises(UserError, match="has no file"):
        unpack(path, {"top/*": ""}, tmp_path / "out")


def test_a_pattern_that_matches_nothing_is_named(archive, tmp_path) -> None:
    with pytest.raises(UserError, match="has no file 'top/z'"):
        unpack(archive(), {"top/a.txt": "", "top/z": ""}, tmp_path / "out")


def test_what_is_no_archive_is_a_sentence(tmp_path) -> None:
    (tmp_path / "archive.tgz").write_bytes(b"no archive")
    with pytest.raises(UserError, match="'archive.tgz' cannot be unpacked"):
        unpack(tmp_path / "archive.tgz", {"*": ""}, tmp_path / "out")
