"""Text classification on a table of the user's."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.own_data.columns import ColumnChoice, choose_columns
from paretoformer.evaluators.own_data.reading import check_classes, check_enough, class_numbers
from paretoformer.evaluators.own_data.rows import Columns, read_columns
from paretoformer.evaluators.splits import content_key, deal, group_numbers
from paretoformer.evaluators.task import About
from paretoformer.records.canonical import digest
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ClassOutput, Signature, TokenInput

LONGEST = 256
"""Bytes of a text that a model sees; the rest is cut off."""


class Table(MemoryTask):
    """Which label a text has; the text is its UTF-8 bytes, at most `LONGEST`, and classes are the labels, sorted."""

    metrics: tuple[Metric, ...] = (Accuracy(),)
    recipe: Recipe = Recipe(batch=32, budget=16_384)

    def __init__(self, path: Path, columns: str | None) -> None:
        table = read_columns(path)
        self.path, self.columns = path.resolve(), choose_columns(path, table, columns)
        texts, labels = _checked(path, table, self.columns)
        check_classes(path, labels, "row")
        self.classes = tuple(sorted(set(labels)))
        cut = [text[:LONGEST] for text in texts]
        keys = [content_key(text) for text in cut]
        dealt = deal(keys, strata=labels)
        check_enough(path, keys, dealt, "row")
        everything = _examples(cut, class_numbers(self.classes, labels), group_numbers(keys))
        super().__init__(
            {split: everything.take(torch.tensor(dealt[split])) for split in Split},
            data_hash=digest([[content_key(text), label] for text, label in zip(texts, labels, strict=True)]),
        )
        self.name = path.stem
        self.signature = Signature(
            input=TokenInput(vocabulary=256, length=everything.inputs.shape[1]),
            output=ClassOutput(classes=len(self.classes)),
        )
        self.about = self._about(path, texts)

    @property
    def spec(self) -> dict[str, Any]:
        """The absolute path, the columns, and the hash that their rows must have."""
        return {"path": str(self.path), "columns": str(self.columns), "data_hash": self.data_hash}

    def _about(self, path: Path, texts: list[bytes]) -> About:
        longer = sum(len(text) > LONGEST for text in texts)
        return About(
            title=f"{self.columns.label} of {self.columns.text}, {len(self.classes)} classes",
            data=f"{path.name}: {len(texts):,} rows, text cut to {LONGEST} bytes ({longer:,} are longer)",
            licence="your own data",
            baseline=f"most frequent class: {self.constant_scores()['accuracy']:.3f} of validation",
        )


def _checked(path: Path, table: Columns, columns: ColumnChoice) -> tuple[list[bytes], list[str]]:
    texts, labels = [], []
    for number, (text, label) in enumerate(zip(table[columns.text], table[columns.label], strict=True), 1):
        for value, name in ((text, columns.text), (label, columns.label)):
            if value is None or not value.strip():
                raise UserError(f"Row {number} of '{path}' has no value in column '{name}'; fill it or drop the row.")
        assert text is not None and label is not None
        texts.append(text.encode())
        labels.append(label)
    return texts, labels


def _examples(texts: list[bytes], targets: Tensor, groups: Tensor) -> Examples:
    lengths = [len(text) for text in texts]
    width = max(lengths)
    rows = np.frombuffer(b"".join(text.ljust(width, b"\0") for text in texts), dtype=np.uint8)
    return Examples(
        inputs=torch.from_numpy(rows.astype(np.int64)).reshape(-1, width),
        targets=targets,
        lengths=torch.tensor(lengths),
        groups=groups,
    )
