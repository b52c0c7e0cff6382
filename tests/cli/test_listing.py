"""Lists: a table where it fits, paragraphs where its columns would be too narrow to read."""

import io
from collections.abc import Callable

from rich.console import Console

from paretoformer.cli.views.listing import print_listing
from paretoformer.evaluators.registry import task_class, task_names

from .conftest import Said

ROWS = [{"name": "digits", **{f"field{index}": "some words of a sentence" for index in range(5)}}]


def _printed(width: int, rows: list[dict[str, object]]) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_listing(console, rows)
    written = console.file
    assert isinstance(written, io.StringIO)
    return written.getvalue()


def test_rows_are_one_line_each_where_they_fit() -> None:
    heading, row = _printed(400, ROWS).splitlines()
    assert heading.split() == list(ROWS[0])
    assert row.startswith("digits")


def test_many_fields_in_a_narrow_terminal_become_lines_with_their_names() -> None:
    lines = [line.strip() for line in _printed(60, ROWS).splitlines()]
    assert lines == ["digits", *(f"field{index} some words of a sentence" for index in range(5))]


def test_a_few_fields_stay_a_table_in_a_narrow_terminal() -> None:
    assert _printed(30, [{"name": "a", "title": "word " * 20}]).splitlines()[0].split() == ["name", "title"]


def test_every_metric_of_every_task_is_listed_with_which_way_is_better(run: Callable[..., Said]) -> None:
    rows = run("list", "metrics", "--json").json["metrics"]
    listed = {(row["name"], row["better"], task) for row in rows for task in row["tasks"]}
    assert listed == {
        (metric.name.partition("[")[0], "lower" if metric.minimise else "higher", name)
        for name in task_names()
        for metric in task_class(name).metrics
    }
    assert all(row["title"] and row["tasks"] == sorted(row["tasks"]) for row in rows)


def test_what_is_beyond_the_trained_sizes_is_listed_as_such(run: Callable[..., Said]) -> None:
    titles = {row["name"]: row["title"] for row in run("list", "metrics", "--json").json["metrics"]}
    assert "over the sizes beyond the trained ones" in titles["beyond"]
    assert titles["exact-match"].startswith("Share of examples of which every target")
