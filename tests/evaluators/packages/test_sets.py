"""What every registered package must say; its data need not be here."""

from pathlib import Path

import pytest

from paretoformer.evaluators.packages import Archive, package, package_names
from paretoformer.evaluators.packages.cache import root
from paretoformer.evaluators.packages.package import Client
from paretoformer.evaluators.packages.sets import brown, fashion_mnist

every_package = pytest.mark.parametrize("name", package_names())


@every_package
def test_a_package_says_whose_it_is(name: str) -> None:
    found = package(name)
    assert all((found.title, found.licence, found.attribution, found.size))


@every_package
def test_every_archive_is_known_by_its_hash(name: str) -> None:
    hashes = [release.sha256 for archive in package(name).archives for release in archive.releases]
    assert hashes and all(len(found) == 64 and int(found, 16) for found in hashes)


def test_an_archive_without_a_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        Archive(client=Client.NPM, name="words", releases=(), keep={})


def test_the_variable_names_another_cache(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PARETOFORMER_DATA", str(tmp_path))
    assert root() == tmp_path


def test_the_cache_of_the_platform_is_taken_otherwise(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("PARETOFORMER_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert root() == tmp_path / "paretoformer" / "data"
    monkeypatch.setattr("sys.platform", "darwin")
    assert root() == Path.home() / "Library" / "Caches" / "paretoformer" / "data"


def test_brown_is_converted_without_loss(tmp_path) -> None:
    import numpy as np

    (tmp_path / "ca01").write_text("\n\tThe/at dog/nn ran/vbd ./.\n\n\n\tIt/pps 1/2/cd ./.\n", encoding="latin-1")
    (tmp_path / "cb01").write_text("\tThe/at end/nn ./.\n", encoding="latin-1")
    (tmp_path / "cats.txt").write_text("ca01 news\ncb01 editorial\n")
    brown.convert(tmp_path)
    assert (tmp_path / "words.txt").read_text() == "The dog ran .\nIt 1/2 .\n\nThe end .\n"
    assert (tmp_path / "documents.txt").read_text() == "ca01\tnews\ncb01\teditorial\n"
    words, tags = ((tmp_path / f"{name}.txt").read_text().splitlines() for name in ("vocabulary", "tagset"))
    with np.load(tmp_path / "tokens.npz") as found:
        assert [words[place] for place in found["words"]] == [
            "The",
            "dog",
            "ran",
            ".",
            "It",
            "1/2",
            ".",
            "The",
            "end",
            ".",
        ]
        assert [tags[place] for place in found["tags"]] == ["at", "nn", "vbd", ".", "pps", "cd", ".", "at", "nn", "."]
        assert (found["sentences"].tolist(), found["documents"].tolist()) == ([4, 3, 3], [2, 1])
    assert not list(tmp_path.glob("c*"))


def test_images_are_unpacked_to_be_read_at_once(tmp_path) -> None:
    import gzip

    (tmp_path / "a-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"pixels"))
    fashion_mnist.convert(tmp_path)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a-images-idx3-ubyte", b"pixels")]
