import csv
import json
import math
import re
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.own_data.given import LONGEST
from paretoformer.evaluators.own_data.path import task_from_path
from paretoformer.records.errors import UserError
from paretoformer.records.signature import ClassOutput, NumberOutput, SeriesInput, TokenInput

NUMBERS = np.random.default_rng(0).normal(size=(90, 3)).round(3).tolist()
ROWS = [
    {"walk": [[x, i] for x in row[: 1 + i % 3]], "flat": row, "a": row[0], "b": 50 * row[1], "kind": "xyz"[i % 3], "size": 7 + 2 * row[2]}
    for i, row in enumerate(NUMBERS)
]  # fmt: skip


@pytest.fixture
def opened(tmp_path):
    def make(columns, rows=ROWS):
        path = tmp_path / "walks.jsonl"
        path.write_text("\n".join(map(json.dumps, rows)))
        return task_from_path(path, columns)

    return make


def changed(number: int, **values) -> list[dict]:
    return [{**row, **values} if i == number else row for i, row in enumerate(ROWS, 1)]


def steps(task) -> torch.Tensor:
    """Every step that is there, (steps, channels)."""
    found = []
    for split in Split:
        part = task.examples(split)
        lengths = part.lengths if part.lengths is not None else torch.full((len(part),), part.inputs.shape[1])
        found.append(part.inputs[torch.arange(part.inputs.shape[1]) < lengths[:, None]])
    return torch.cat(found)


@pytest.mark.parametrize(
    ("columns", "given", "asked", "metrics"),
    [
        ("series=walk,label=kind", SeriesInput(channels=2, length=3), ClassOutput(classes=3), ["accuracy"]),
        ("series=flat,value=size", SeriesInput(channels=1, length=3), NumberOutput(numbers=1), ["rmse", "mae"]),
        ("series=a+b,value=size", SeriesInput(channels=1, length=2), NumberOutput(numbers=1), ["rmse", "mae"]),
        ("series=a,value=size+b", SeriesInput(channels=1, length=1), NumberOutput(numbers=2), ["rmse", "mae"]),
        ("text=kind,value=size", None, NumberOutput(numbers=1), ["rmse", "mae"]),
    ],
)
def test_the_signature_follows_from_the_columns(opened, columns, given, asked, metrics) -> None:
    rows = [{**row, "kind": f"{row['kind']} {i}"} for i, row in enumerate(ROWS)] if given is None else ROWS
    task = opened(columns, rows)
    assert task.signature.input == (given or TokenInput(vocabulary=256, length=4))
    assert task.signature.output == asked and [metric.name for metric in task.metrics] == metrics


def test_numbers_train_by_squared_error(opened) -> None:
    assert opened("series=flat,value=size").recipe.criterion == "squared-error"


def test_each_row_keeps_its_own_length(opened) -> None:
    lengths = torch.cat([opened("series=walk,label=kind").examples(split).lengths for split in Split])
    assert lengths.bincount().tolist() == [0, 30, 30, 30]


@pytest.mark.parametrize("columns", ["series=walk,label=kind", "series=a+b,label=kind", "series=flat,value=size"])
def test_training_numbers_have_mean_zero_and_deviation_one(opened, columns) -> None:
    part = opened(columns).examples(Split.TRAIN)
    there = (
        torch.arange(part.inputs.shape[1]) < (part.lengths if part.lengths is not None else torch.tensor([99]))[:, None]
    )
    of_columns = "+" in columns
    found = part.inputs[:, :, 0] if of_columns else part.inputs[there.expand(len(part), -1)]
    torch.testing.assert_close(found.mean(0), torch.zeros(found.shape[1]), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.std(0, correction=0), torch.ones(found.shape[1]), atol=1e-5, rtol=0)


def test_targets_are_scaled_by_training_alone(opened) -> None:
    targets = opened("series=flat,value=size+b").examples(Split.TRAIN).targets
    torch.testing.assert_close(targets.mean(0), torch.zeros(2, dtype=targets.dtype), atol=1e-5, rtol=0)
    torch.testing.assert_close(targets.std(0, correction=0), torch.ones(2, dtype=targets.dtype), atol=1e-5, rtol=0)


def test_scaled_targets_are_written_back_by_what_the_data_says(opened) -> None:
    task = opened("series=flat,value=size")
    mean, deviation = (float(part) for part in task.about.data.partition("(size - ")[2].split(") / "))
    found = sorted(mean + deviation * float(value) for split in Split for value in task.examples(split).targets)
    assert found == pytest.approx(sorted(row["size"] for row in ROWS), abs=1e-3)


def test_what_was_scaled_says_by_what(opened) -> None:
    task = opened("series=a+b,value=size")
    assert task.scaling["given"].mean[1] == pytest.approx(0, abs=15) and len(task.scaling["given"].deviation) == 2
    assert task.scaling["asked"].deviation[0] == pytest.approx(2, rel=0.3)
    assert (
        set(
            opened(
                "text=kind,label=kind2", [{**row, "kind2": "ab"[i % 2], "kind": str(i)} for i, row in enumerate(ROWS)]
            ).scaling
        )
        == set()
    )


def test_a_column_that_never_changes_does_no_harm(opened) -> None:
    task = opened("series=a+b,label=kind", [{**row, "b": 4} for row in ROWS])
    assert (task.examples(Split.TRAIN).inputs[:, 1] == 0).all()


def test_series_in_csv_are_lists_in_text(opened, tmp_path) -> None:
    path = tmp_path / "walks.csv"
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, ROWS[0])
        table.writeheader()
        table.writerows({name: json.dumps(value) for name, value in row.items()} for row in ROWS)
    columns = "series=walk,value=size"
    assert task_from_path(path, columns).data_hash == opened(columns).data_hash


def test_long_series_are_cut_and_counted(opened) -> None:
    task = opened("series=flat,label=kind", changed(4, flat=[1.0, 2.0] * LONGEST))
    assert task.signature.input.length == LONGEST and "(1 are longer)" in task.about.data


def test_equal_series_stay_in_one_split(opened) -> None:
    task = opened(
        "series=flat,label=kind", [{**row, "flat": [1, 2]} if i % 4 == 0 else row for i, row in enumerate(ROWS)]
    )
    assert sum(bool((task.examples(split).lengths == 2).any()) for split in Split) == 1


def test_a_spec_opens_the_same_series(opened) -> None:
    task = opened("series=a+b,value=size")
    assert task.spec == task_from_path(task.spec["path"], task.spec["columns"]).spec


@pytest.mark.parametrize(
    ("columns", "rows", "sentence"),
    [
        ("series=flat,value=size", changed(17, size="big"), r"Row 17 of .* has 'big' in column 'size', .* finite number"),
        ("series=flat,value=size", changed(17, size=1e999), r"Row 17 of .* has 'inf' in column 'size'"),
        ("series=flat,value=size", changed(17, size=math.nan), r"Row 17 of .* has no value in column 'size'"),
        ("series=flat,value=size", changed(17, size=True), r"Row 17 of .* has 'True' in column 'size'"),
        ("series=flat,value=size", [{**row, "size": 3} for row in ROWS], r"only one value in column 'size', 3"),
        ("series=flat,label=kind", changed(17, kind=5), r"Row 17 of .* has a number, 5, in column 'kind', and row 1 has text, x"),
        ("series=flat,value=size", changed(17, size="5"), r"Row 17 of .* has text, 5, in column 'size', and row 1 has a number"),
        ("series=flat,label=kind", changed(17, flat="[1, 2]"), r"Row 17 of .* has text, \[1, 2\], in column 'flat', and row 1 has a list"),
        ("series=flat,label=kind", changed(17, flat=[1, "2"]), r"Row 17 of .* list of finite numbers"),
        ("series=flat,label=kind", changed(17, flat=[1, True]), r"Row 17 of .* list of finite numbers"),
        ("text=kind,value=size", changed(17, kind=5), r"Row 17 of .*walks.jsonl' has a number, 5, in .* a text is a string"),
        ("text=kind,value=size", changed(17, kind={"a": 1}), r"Row 17 .* an object, \{'a': 1\}, in .* a text is a string, as in 'so it"),
        ("text=flat,label=kind", changed(17, flat={"a": 1}), r"Row 1 of .* has a list, .* which is to be text; a text is a string"),
        ("text=size,label=kind", ROWS, r"Row 1 of .* which is to be text; write series=size instead\."),
        ("series=flat,label=size", ROWS, r"\d+ different numbers in column 'size', .* write value=size"),
        ("series=flat,label=walk", ROWS, r"Row 1 of .* has a list, .*, in column 'walk', which is to be a label"),
        ("series=flat,label=kind", changed(17, flat=[]), r"Row 17 of .* has '\[\]' in column 'flat'"),
        ("series=flat,label=kind", changed(17, flat=[1, "x"]), r"Row 17 of .* list of finite numbers"),
        ("series=flat,label=kind", changed(17, flat=[1, None]), r"Row 17 of .* list of finite numbers"),
        ("series=flat,label=kind", changed(17, flat=[[1, 2], [3]]), r"Row 17 of .* lists of one length"),
        ("series=walk,label=kind", changed(17, walk=[[1, 2, 3]]), r"Row 17 of .* 3 numbers a step .* row 1 has 2"),
        ("series=flat,label=kind", changed(17, flat="words"), r"Row 17 of .* has 'words' in column 'flat'"),
        ("series=a+b,label=kind", changed(17, b="x"), r"Row 17 of .* has 'x' in column 'b'"),
        ("series=a+c,label=kind", ROWS, r"no column 'c'"),
        ("series=a+kind,label=kind", ROWS, r"uses 'kind' as series and as label"),
        ("text=walk,label=kind", ROWS, r"Row 1 of .* has a list, .*, in column 'walk', which is to be text; write series=walk instead\."),
        ("text=kind,value=size", changed(17, kind="half \ud800"), r"Row 17 of .* half a character in column 'kind'"),
        (None, ROWS, r"as in --columns series=walk,label=kind"),
    ],
)  # fmt: skip
def test_rows_that_cannot_serve_are_refused(opened, columns, rows, sentence) -> None:
    with pytest.raises(UserError, match=sentence):
        opened(columns, rows)


@pytest.mark.parametrize("line", ["[" * 100_000, '{"a": ' + "1" * 5_000 + "}"], ids=["nested", "digits"])
def test_json_that_no_parser_takes_is_a_sentence(tmp_path, line) -> None:
    path = tmp_path / "walks.jsonl"
    path.write_text(line)
    with pytest.raises(UserError, match="cannot be parsed as JSON lines: line 1"):
        task_from_path(path, "series=a,label=b")


def test_decimals_and_dates_of_parquet_are_numbers_and_text(tmp_path) -> None:
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / "days.parquet"
    rows = [{"day": date(2020, 1, 1 + i), "price": Decimal(i) / 4} for i in range(30)]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    inputs = task_from_path(path, "text=day,value=price").examples(Split.TRAIN).inputs
    assert bytes(inputs[0].tolist()).startswith(b"2020-01-")


def test_a_column_of_many_numbers_is_guessed_to_be_a_value(opened) -> None:
    with pytest.raises(UserError, match="as in --columns series=flat,value=size"):
        opened(None, [{"flat": row["flat"], "size": row["size"]} for row in ROWS])


@pytest.mark.parametrize(
    ("columns", "guess"),
    [
        (["a", "b", "size"], "series=a+b,value=size"),
        (["a", "b", "kind"], "series=a+b,label=kind"),
        (["a", "size"], "series=a,value=size"),
        (["a", "kind", "words"], "text=words,label=kind"),
        (["sign", "word"], "text=word,label=sign"),
    ],
)
def test_numbers_are_guessed_to_be_a_series_and_never_text(tmp_path, columns, guess) -> None:
    rows = [
        {**row, "size": round(row["size"], 1), "sign": 1e-9 * (i % 2 + 1 / 3), "word": f"w{i}", "words": f"{i} words longer than numbers"}
        for i, row in enumerate(ROWS)
    ]  # fmt: skip
    path = tmp_path / "walks.csv"
    path.write_text("\n".join([",".join(columns), *(",".join(str(row[name]) for name in columns) for row in rows)]))
    with pytest.raises(UserError, match=f"as in --columns {re.escape(guess)}"):
        task_from_path(path)
    task_from_path(path, guess)


def test_a_column_of_numbers_alone_lacks_another(tmp_path) -> None:
    path = tmp_path / "walks.csv"
    path.write_text("\n".join(["a", *map(str, range(30))]))
    with pytest.raises(UserError, match="as in --columns series=a,label=COLUMN"):
        task_from_path(path)
