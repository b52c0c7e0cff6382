"""Short texts as bytes with symbols of their own, to be written after a source."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.symbols import Symbols
from paretoformer.search_spaces.contract import Source

BEGIN, END, PADDING = 256, 257, 258
VOCABULARY = 259
"""Every byte, and the three symbols."""

SYMBOLS = Symbols(begin=BEGIN, end=END, mask=0, padding=PADDING)
"""Byte 0, which is no character of a text, stands for what is hidden."""


def text_of(ids: Sequence[int]) -> str:
    """What ids say as UTF-8, symbols and negative ids left out; bytes that are none become U+FFFD."""
    return bytes(token for token in ids if 0 <= token < BEGIN).decode("utf-8", errors="replace")


def byte_source(texts: Sequence[str]) -> Source:
    """Texts to be read, (n, longest) right-padded."""
    table, lengths = _table(texts, PADDING)
    return Source(table, lengths)


def written_after(source: Source, texts: Sequence[str], groups: Tensor | None = None) -> Examples:
    """Examples whose texts are to be written beside the source: begin, bytes -> bytes, end; both (n, longest + 1)."""
    read, lengths = _table(texts, PADDING)
    asked, _ = _table(texts, IGNORED)
    targets = pad(asked, (0, 1), value=IGNORED)
    targets[torch.arange(len(targets)), lengths] = END
    return Examples(
        inputs=pad(read, (1, 0), value=BEGIN), targets=targets, lengths=lengths + 1, source=source, groups=groups
    )


def _table(texts: Sequence[str], filling: int) -> tuple[Tensor, Tensor]:
    """The bytes, (n, longest) long, and how many each text has, (n,)."""
    rows = [np.frombuffer(text.encode(), np.uint8) for text in texts]
    table = np.full((len(rows), max(map(len, rows))), filling)
    for place, row in zip(table, rows, strict=True):
        place[: len(row)] = row
    return torch.from_numpy(table), torch.tensor([len(row) for row in rows])
