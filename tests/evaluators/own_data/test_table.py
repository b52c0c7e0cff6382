import csv
import json
import subprocess
import sys

import pytest

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.own_data.given import LONGEST
from paretoformer.evaluators.own_data.path import task_from_path
from paretoformer.records.errors import UserError

COLUMNS = "text=review,label=stars"
ROWS = [{"id": str(i), "review": f"the {i}th film, čaj", "stars": str(1 + i % 3)} for i in range(120)]


def write(path, rows, delimiter=","):
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, rows[0], delimiter=delimiter)
        table.writeheader()
        table.writerows(rows)
    return path


@pytest.fixture
def table(tmp_path):
    return lambda rows=ROWS, name="films.csv", **options: write(tmp_path / name, rows, **options)


def changed(number: int, **values: str) -> list[dict[str, str]]:
    return [{**row, **values} if i == number else row for i, row in enumerate(ROWS, 1)]


def pairs(task, split: Split) -> set[tuple[str, str]]:
    part = task.examples(split)
    return {
        (bytes(row[:length]).decode(errors="ignore"), task.classes[target])
        for row, length, target in zip(part.inputs.tolist(), part.lengths.tolist(), part.targets.tolist(), strict=True)
    }


def test_rows_come_back_as_bytes_with_their_class(table) -> None:
    task = task_from_path(table(), COLUMNS)
    found = set.union(*(pairs(task, split) for split in Split))
    assert found == {(row["review"], row["stars"]) for row in ROWS}


def test_the_signature_follows_from_the_data(table) -> None:
    task = task_from_path(table(), COLUMNS)
    longest = max(len(row["review"].encode()) for row in ROWS)
    assert (task.signature.input.length, task.signature.output.classes, task.classes) == (longest, 3, ("1", "2", "3"))


def test_every_format_gives_the_same_task(table, tmp_path) -> None:
    import pyarrow
    import pyarrow.parquet

    (tmp_path / "films.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS) + "\n")
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "films.parquet")
    paths = [table(), table(name="films.tsv", delimiter="\t"), tmp_path / "films.jsonl", tmp_path / "films.parquet"]
    assert len({task_from_path(path, COLUMNS).data_hash for path in paths}) == 1


def test_numbers_in_json_are_labels_by_their_text(tmp_path) -> None:
    path = tmp_path / "films.jsonl"
    path.write_text("\n".join(json.dumps({**row, "stars": int(row["stars"])}) for row in ROWS))
    assert task_from_path(path, COLUMNS).classes == ("1", "2", "3")


def test_long_texts_are_cut_and_counted(table) -> None:
    task = task_from_path(table(changed(5, review="é" * LONGEST)), COLUMNS)
    assert task.signature.input.length == LONGEST and "(1 are longer)" in task.about.data


def test_texts_equal_after_the_cut_stay_in_one_split(table) -> None:
    rows = [{**row, "review": "x" * LONGEST + str(i)} if i % 2 else row for i, row in enumerate(ROWS)]
    task = task_from_path(table(rows), COLUMNS)
    assert sum(("x" * LONGEST) in {text for text, _ in pairs(task, split)} for split in Split) == 1


def test_a_spec_opens_the_same_table(table) -> None:
    task = task_from_path(table(), COLUMNS)
    assert task.spec == task_from_path(task.spec["path"], task.spec["columns"]).spec


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (None, r"columns are id, review, stars; say which to use, as in --columns text=review,label=stars"),
        ("text=review,label=star", r"no column 'star'; its columns are id, review, stars"),
        ("text=review", r"'text=review' does not name one input \(text or series\) and one target \(label or value\)"),
        ("label=stars", r"'label=stars' does not name one input"),
        ("text=review,series=id", r"does not name one input"),
        ("text=review+id,label=stars", r"has 2 columns as text; a text is one column"),
        ("review,stars", r"'review,stars' does not name"),
        ("text=review,label=stars,text=id", r"does not name one input"),
        ("text=stars,label=stars", r"uses 'stars' as text and as label"),
    ],
)
def test_columns_that_cannot_serve_are_refused(table, columns, sentence) -> None:
    with pytest.raises(UserError, match=sentence):
        task_from_path(table(), columns)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (changed(17, stars=""), r"Row 17 of .* has no value in column 'stars'"),
        (changed(17, review=" "), r"Row 17 of .* has no value in column 'review'"),
        (changed(17, stars="odd"), r"Class 'odd' of .* has a single row"),
        ([{**row, "stars": "1"} for row in ROWS], r"only one class, '1'"),
        (ROWS[:12], r"has 12 rows, 12 of them distinct; .* at least 20"),
        ([{**row, "review": "same"} for row in ROWS], r"has 120 rows, 1 of them distinct"),
    ],
)
def test_rows_that_cannot_serve_are_refused(table, rows, sentence) -> None:
    with pytest.raises(UserError, match=sentence):
        task_from_path(table(rows), COLUMNS)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"review,stars\n", "has no rows"),
        ("a.csv", b'review,stars\n"a"b,1\n', "cannot be parsed as CSV"),
        ("a.csv", b'review,stars\n"a,1\n', "cannot be parsed as CSV"),
        ("a.csv", b"review,stars\na,1\na,b,1\n", "CSV: row 2 has 3 fields and the header has 2"),
        ("a.csv", b"stars,stars\na,1\n", "two columns 'stars'"),
        ("a.csv", b"review,stars\n\xe9,1\n", "not UTF-8 text: byte 0xe9 at offset 13"),
        ("a.jsonl", b'{"review": "a"}\n{"review"\n', "JSON lines: line 2"),
        ("a.jsonl", b"[1]\n", "line 1 is not an object"),
        ("a.jsonl", b"\n\n", "has no rows"),
        ("a.parquet", b"no parquet", "cannot be parsed as Parquet"),
    ],
)
def test_files_that_cannot_be_parsed_are_refused(tmp_path, name, content, sentence) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        task_from_path(path, COLUMNS)


def test_a_missing_value_in_json_names_its_row(tmp_path) -> None:
    rows = [*ROWS[:8], {"review": "no stars"}, *ROWS[8:]]
    path = tmp_path / "films.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(UserError, match="Row 9 of .* column 'stars'"):
        task_from_path(path, COLUMNS)


def test_long_fields_are_read_and_the_csv_limit_is_left_as_it_was(table) -> None:
    before = csv.field_size_limit()
    task_from_path(table(changed(3, review="long " * 50_000)), COLUMNS)
    assert csv.field_size_limit() == before


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"x")
    with pytest.raises(UserError, match=r"pip install 'paretoformer\[data\]'"):
        task_from_path(tmp_path / "a.parquet", COLUMNS)


def test_reading_parquet_leaves_no_thread_that_could_abort_the_process(tmp_path) -> None:
    pytest.importorskip("pyarrow")
    import pyarrow.parquet

    path = tmp_path / "films.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    code = (
        "import sys, psutil, pyarrow.parquet; from pathlib import Path\n"
        "from paretoformer.evaluators.own_data.rows import read_columns\n"
        "before = psutil.Process().num_threads(); read_columns(Path(sys.argv[1]))\n"
        "print(psutil.Process().num_threads() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
