"""What the rows of a table give to a model: texts, or series of numbers."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from paretoformer.evaluators.own_data import cells
from paretoformer.evaluators.own_data.columns import ColumnChoice
from paretoformer.evaluators.own_data.rows import Columns
from paretoformer.evaluators.own_data.scaling import Scaling
from paretoformer.evaluators.ragged_bytes import ragged_bytes
from paretoformer.evaluators.splits import content_key
from paretoformer.evaluators.symbols import Symbols, free_zero
from paretoformer.records.signature import SeriesInput, TokenInput

LONGEST = 256
"""Bytes of a text, or steps of a series, that a model sees; the rest is cut off."""


class Given(ABC):
    """Inputs of all rows. `hashes` tell whole inputs apart, `keys` what of them a model sees."""

    hashes: list[str]
    keys: list[str]
    sentence: str
    symbols: Symbols = Symbols()
    scaling: Scaling | None = None
    """Of each channel, or of each column where a step is one; known once there are tensors, and None for texts."""

    @abstractmethod
    def tensors(self, training: Sequence[int]) -> tuple[Tensor, Tensor | None]:
        """Inputs, and lengths (n,) where ragged; whatever is learnt from data is learnt from the training rows."""

    @abstractmethod
    def input(self) -> TokenInput | SeriesInput:
        """Their part of the signature."""


class Texts(Given):
    """The bytes of a column."""

    def __init__(self, texts: list[bytes]) -> None:
        self._cut = [text[:LONGEST] for text in texts]
        self.symbols = free_zero(self._cut)
        self.hashes, self.keys = [content_key(text) for text in texts], [content_key(text) for text in self._cut]
        self.sentence = f"text cut to {LONGEST} bytes ({sum(len(text) > LONGEST for text in texts):,} are longer)"

    def tensors(self, training: Sequence[int]) -> tuple[Tensor, Tensor | None]:
        """(n, N) bytes."""
        return ragged_bytes(self._cut)

    def input(self) -> TokenInput:
        """Bytes up to the longest."""
        return TokenInput(vocabulary=256, length=max(map(len, self._cut)))


class SeriesColumn(Given):
    """A column of lists; each channel is scaled to training's mean and deviation over all steps."""

    def __init__(self, series: list[cells.Series]) -> None:
        self._cut = [values[:LONGEST] for values in series]
        self.hashes, self.keys = [_key(values) for values in series], [_key(values) for values in self._cut]
        longer = sum(len(values) > LONGEST for values in series)
        self.sentence = (
            f"series cut to {LONGEST} steps ({longer:,} are longer), scaled by training's mean and deviation"
        )

    def tensors(self, training: Sequence[int]) -> tuple[Tensor, Tensor | None]:
        """(n, N, channels) and lengths."""
        self.scaling = Scaling.of(np.concatenate([self._cut[item] for item in training]).astype(np.float64))
        lengths = torch.tensor([len(values) for values in self._cut])
        inputs = torch.zeros(len(self._cut), int(lengths.max()), self._cut[0].shape[1])
        inputs[torch.arange(inputs.shape[1]) < lengths[:, None]] = torch.from_numpy(
            self.scaling.scaled(np.concatenate(self._cut).astype(np.float64))
        )
        return inputs, lengths if int(lengths.min()) < inputs.shape[1] else None

    def input(self) -> SeriesInput:
        """Steps up to the longest."""
        return SeriesInput(channels=self._cut[0].shape[1], length=max(map(len, self._cut)))


class NumberColumns(Given):
    """Several columns of numbers, a step of one channel each, every column scaled to training's mean and deviation."""

    def __init__(self, rows: cells.Floats) -> None:
        self._rows = rows
        self.hashes = self.keys = [_key(row) for row in rows]
        self.sentence = "a step for each column, scaled by training's mean and deviation"

    def tensors(self, training: Sequence[int]) -> tuple[Tensor, Tensor | None]:
        """(n, columns, 1)."""
        self.scaling = Scaling.of(self._rows[list(training)])
        return torch.from_numpy(self.scaling.scaled(self._rows))[:, :, None], None

    def input(self) -> SeriesInput:
        """A step for each column."""
        return SeriesInput(channels=1, length=self._rows.shape[1])


def read_given(what: str, table: Columns, chosen: ColumnChoice) -> Given:
    """The inputs that the columns hold. `what` names the table in sentences.

    Raises:
        UserError: a cell is not what it is to be; names the row.
    """
    names = chosen.given_columns
    if chosen.given == "text":
        return Texts(cells.texts(what, names[0], table[names[0]]))
    if len(names) > 1 or cells.number_of(table[names[0]][0]) is not None:
        return NumberColumns(cells.numbers(what, names, table))
    return SeriesColumn(cells.series(what, names[0], table[names[0]]))


def _key(values: cells.Floats | cells.Series) -> str:
    return content_key(repr(values.shape).encode() + np.ascontiguousarray(values).tobytes())
