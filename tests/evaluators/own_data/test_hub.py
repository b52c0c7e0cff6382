import sys
from types import ModuleType, SimpleNamespace

import pytest

from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.own_data.rows import Columns
from paretoformer.records.errors import UserError


class Rows:
    """Rows of a split, as the library gives them."""

    def __init__(self, columns: Columns, names: list[str] | None = None, licence: str = "") -> None:
        self._columns, self.column_names = columns, list(columns)
        self.features = {name: SimpleNamespace(names=names if name == "label" else None) for name in columns}
        for name in columns:
            if name != "label" or names is None:
                del self.features[name].names
        self.info = SimpleNamespace(license=licence)

    def __getitem__(self, name: str) -> list:
        return self._columns[name]


COLUMNS = {"sentence": [f"text {i}" for i in range(60)], "label": [i % 2 for i in range(60)]}


@pytest.fixture
def library(monkeypatch):
    """Puts a library `datasets` in place that loads what is given, and says what it was asked for."""
    asked = []

    def make(found) -> list:
        def load_dataset(name, config):
            asked.append((name, config))
            if isinstance(found, Exception):
                raise found
            return found

        module = ModuleType("datasets")
        module.load_dataset = load_dataset
        monkeypatch.setitem(sys.modules, "datasets", module)
        return asked

    return make


def test_names_of_classes_stand_for_their_numbers(library) -> None:
    asked = library({"train": Rows(COLUMNS, ["bad", "good"], "mit")})
    task = open_task("hf:someone/films:small", "text=sentence,label=label")
    assert (task.name, task.classes, task.about.licence) == ("films", ("bad", "good"), "mit")
    assert asked == [("someone/films", "small")]


def test_the_train_split_is_taken_and_a_single_split_as_it_is(library) -> None:
    library({"test": Rows({"sentence": ["x"] * 3, "label": [0] * 3}), "train": Rows(COLUMNS)})
    first = open_task("hf:films", "text=sentence,label=label")
    library({"all": Rows(COLUMNS)})
    assert open_task("hf:films", "text=sentence,label=label").data_hash == first.data_hash


def test_a_spec_opens_the_same_set(library) -> None:
    library({"train": Rows(COLUMNS)})
    task = open_task("hf:films", "text=sentence,label=label")
    assert open_task(task.spec).spec == task.spec


def test_columns_are_asked_for_as_in_a_table(library) -> None:
    library({"train": Rows(COLUMNS)})
    with pytest.raises(UserError, match="'hf:films' is a table, and its columns are sentence, label"):
        open_task("hf:films")


def test_an_unlabelled_row_is_named(library) -> None:
    library({"train": Rows({**COLUMNS, "label": [*COLUMNS["label"][:-1], -1]}, ["bad", "good"])})
    with pytest.raises(UserError, match="Row 60 of 'hf:films' has no value in column 'label'"):
        open_task("hf:films", "text=sentence,label=label")


def test_what_the_library_raises_is_quoted(library) -> None:
    library(FileNotFoundError("Dataset 'films'\ndoesn't exist."))
    with pytest.raises(
        UserError, match="'hf:films' cannot be loaded by datasets: FileNotFoundError: Dataset 'films' doesn't"
    ):
        open_task("hf:films")


def test_a_hub_without_a_name_says_how_one_is_written() -> None:
    with pytest.raises(UserError, match=r"'hf:' names no set; write hf:NAME or hf:NAME:CONFIG"):
        open_task("hf:")


def test_a_missing_library_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UserError, match="'hf:films' needs the library datasets; run pip install datasets"):
        open_task("hf:films")
