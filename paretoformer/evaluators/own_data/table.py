"""Classification of, or numbers for, texts and series in a table of the user's."""

from pathlib import Path
from typing import Any

import torch

from paretoformer.evaluators.contradictions import contradictions
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.own_data.asked import Labels, read_asked
from paretoformer.evaluators.own_data.columns import SEVERAL, choose_columns
from paretoformer.evaluators.own_data.given import read_given
from paretoformer.evaluators.own_data.reading import check_enough
from paretoformer.evaluators.own_data.rows import Columns, read_columns
from paretoformer.evaluators.splits import deal, group_numbers
from paretoformer.evaluators.task import About
from paretoformer.records.canonical import digest
from paretoformer.records.signature import Signature


class Table(MemoryTask):
    """Which label a row has, or which numbers, by its text or series.

    A text is its UTF-8 bytes. A series is a column of lists, or several columns of numbers, a step each. Numbers, given or
    asked, are scaled to training's mean and deviation (`scaling`). Classes are the labels, sorted. Rows that a model sees as equal are a
    group and stay in one split.

    Args:
        what: names the table in sentences.
        table: its columns.
        columns: as the user chose them.
        name: of the task.
        path: from which it is opened again.
        licence: of the data.
    """

    def __init__(
        self, what: str, table: Columns, columns: str | None, *, name: str, path: str, licence: str = "your own data"
    ) -> None:
        self.columns, self.name, self.path = choose_columns(what, table, columns), name, path
        given, asked = read_given(what, table, self.columns), read_asked(what, table, self.columns)
        dealt = deal(given.keys, strata=asked.strata)
        check_enough(what, given.keys, dealt, "row")
        training = dealt[Split.TRAIN]
        inputs, lengths = given.tensors(training)
        everything = Examples(
            inputs=inputs, targets=asked.tensor(training), lengths=lengths, groups=group_numbers(given.keys)
        )
        rows = [list(row) for row in zip(given.hashes, asked.plain, strict=True)]
        super().__init__(
            {split: everything.take(torch.tensor(dealt[split])) for split in Split}, data_hash=digest(rows)
        )
        self.metrics, self.recipe, self.symbols = asked.metrics, asked.recipe, given.symbols
        self.signature = Signature(input=given.input(), output=asked.output)
        if isinstance(asked, Labels):
            self.classes = asked.classes
            places = [f"row {row}" for row in range(1, len(rows) + 1)]
            self.contradictions = contradictions(given.keys, asked.plain, places)
        self.scaling = {
            name: side.scaling for name, side in (("given", given), ("asked", asked)) if side.scaling is not None
        }
        written = "" if asked.scaling is None else f"; asked is {asked.scaling.sentence(self.columns.asked_columns)}"
        self.about = About(
            title=f"{asked.title} by {SEVERAL.join(self.columns.given_columns)}",
            data=f"{what}: {len(rows):,} rows, {given.sentence}{written}",
            licence=licence,
            baseline=asked.baseline(self.constant_scores()[self.metrics[0].name]),
        )

    @property
    def spec(self) -> dict[str, Any]:
        """Path, columns, and the hash that their rows must have."""
        return {"path": self.path, "columns": str(self.columns), "data_hash": self.data_hash}


def table_from_file(path: Path, columns: str | None) -> Table:
    """The task of a .csv, .tsv, .jsonl or .parquet file.

    Raises:
        UserError: it cannot be parsed or cannot serve; names the row.
    """
    return Table(str(path), read_columns(path), columns, name=path.stem, path=str(path.resolve()))
