import json

import pytest

from paretoformer.cli.views.overview import overview_lines
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.overview import Lengths, overview


@pytest.fixture
def films(tmp_path):
    path = tmp_path / "films.csv"
    rows = [f"film {i},{'good' if i % 3 else 'bad'}" for i in range(60)]
    path.write_text("\n".join(["review,kind", *rows, "film 1,good", "film 1,good", "film 0,bad"]) + "\n")
    return overview(open_task(str(path), "text=review,label=kind"))


def test_examples_of_all_splits_are_counted(films) -> None:
    assert sum(films.splits.values()) == 63 and set(films.splits) == {"train", "validation", "test"}


def test_classes_are_counted_by_name(films) -> None:
    assert films.classes == {"bad": 21, "good": 42}


def test_a_split_that_lacks_a_class_is_told(tmp_path, films) -> None:
    path = tmp_path / "films.csv"
    path.write_text("\n".join(["review,kind", *(f"film {i},good" for i in range(40)), *["the same,bad"] * 20]) + "\n")
    found = overview(open_task(str(path), "text=review,label=kind"))
    assert dict(found.lacking) == {"validation": ("bad",), "test": ("bad",)}
    assert not films.lacking


def test_copies_are_counted_beside_what_they_copy(films) -> None:
    assert (films.duplicates, films.repeated) == (3, 2)


def test_copies_with_different_labels_are_counted_and_two_rows_named(tmp_path) -> None:
    path = tmp_path / "films.csv"
    rows = [f"film {i},{'ab'[i % 2]}" for i in range(60)] + ["film 7,a", "film 7,a", "film 8,a", "film 3,a"]
    path.write_text("\n".join(["review,kind", *rows]) + "\n")
    told = overview(open_task(str(path), "text=review,label=kind")).contradictions
    assert (told.examples, told.inputs, told.shown) == (5, 2, "row 4 is 'b' and row 64 is 'a'")


def test_copies_with_one_label_contradict_nothing(films) -> None:
    assert films.contradictions is None


def test_lengths_and_vocabulary_are_those_of_the_texts_without_padding(films) -> None:
    assert films.lengths == Lengths(least=6, median=7, most=7)
    assert films.vocabulary == len(set("film 0123456789"))


def test_images_have_neither_lengths_nor_vocabulary() -> None:
    found = overview(open_task("digits"))
    assert (found.lengths, found.vocabulary, found.duplicates) == (None, None, 0)


def test_it_is_plain_json(films) -> None:
    assert json.loads(json.dumps(films.to_json()))["metrics"] == ["accuracy"]


def test_labels_of_tokens_need_no_names(first_token) -> None:
    assert overview(first_token).classes == {}


def test_inputs_that_stand_in_several_splits_are_told(monkeypatch) -> None:
    task = open_task("digits")
    assert overview(task).crossing == 0
    train = task.examples(Split.TRAIN)
    monkeypatch.setattr(task, "examples", lambda split: train.take(slice(0, 5)))
    found = overview(task)
    assert (found.crossing, found.duplicates) == (5, 10)
    assert "5 stand in several splits" in "\n".join(overview_lines(found))
