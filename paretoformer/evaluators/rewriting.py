"""Texts read in one form and written in another, as examples of a model that writes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.noising import Ids
from paretoformer.records.signature import TokenInput, TokenOutput
from paretoformer.search_spaces.contract import Source

if TYPE_CHECKING:
    from paretoformer.evaluators.task import Task


def rewritable(task: "Task") -> bool:
    """Whether a model of the task's signature may read one text and write another in the same vocabulary."""
    given, source = task.signature.input, task.signature.source
    if not isinstance(given, TokenInput) or not isinstance(task.signature.output, TokenOutput):
        return False
    return source is None or (isinstance(source, TokenInput) and source.vocabulary == given.vocabulary)


def texts(batch: Examples, end: int | None) -> list[Ids]:
    """The tokens that are asked of each example, in order, without the end."""
    rows = batch.targets.cpu().numpy()
    return [row[(row != IGNORED) & (row != (IGNORED if end is None else end))] for row in rows]


def whole_inputs(batch: Examples) -> list[Ids]:
    """The valid tokens of each input."""
    rows = batch.inputs.cpu().numpy()
    lengths = [rows.shape[1]] * len(rows) if batch.lengths is None else batch.lengths.tolist()
    return [row[:length] for row, length in zip(rows, lengths, strict=True)]


def padded(rows: Sequence[Ids], filling: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, longest) right-padded, at least 1 long, and the lengths (B,)."""
    table = np.full((len(rows), max(1, *map(len, rows))), filling, dtype=np.int64)
    for place, row in zip(table, rows, strict=True):
        place[: len(row)] = row
    return torch.from_numpy(table), torch.tensor([len(row) for row in rows])


def beside_source(read: Sequence[Ids], task: "Task") -> Source:
    """What is read, as a source that is no longer than the task's; an empty text is one padding token."""
    source = task.signature.source
    assert isinstance(source, TokenInput), "checked by rewritable"
    table, lengths = padded([row[: source.length] for row in read], task.symbols.padding or 0)
    return Source(table, lengths.clamp_min(1))


def written(rows: Sequence[Ids], first: int, task: "Task", source: Source) -> Examples:
    """`first` and then each row are given, and the row is asked, beside the source; cut to the task's length."""
    longest = _longest(task)
    kept = [row[:longest] for row in rows]
    inputs, lengths = padded([np.concatenate(([first], row[:-1])) for row in kept], task.symbols.padding or 0)
    return Examples(inputs=inputs, targets=padded(kept, IGNORED)[0], lengths=lengths, source=source)


def continued(read: Sequence[Ids], rows: Sequence[Ids], task: "Task") -> Examples:
    """What is read and then each row as one sequence, of which the row is asked; no longer than the task's length."""
    sequences = [np.concatenate(pair) for pair in zip(read, rows, strict=True)]
    asked = [sequence.copy() for sequence in sequences]
    for target, given in zip(asked, read, strict=True):
        target[: len(given)] = IGNORED
    assert max(map(len, sequences)) <= _longest(task) + 1, "cut before"
    inputs, lengths = padded([sequence[:-1] for sequence in sequences], task.symbols.padding or 0)
    return Examples(inputs=inputs, targets=padded([target[1:] for target in asked], IGNORED)[0], lengths=lengths)


def _longest(task: "Task") -> int:
    assert isinstance(task.signature.input, TokenInput), "checked by rewritable"
    return task.signature.input.length
