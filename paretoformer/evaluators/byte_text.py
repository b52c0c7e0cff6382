"""Short texts as bytes with symbols of their own, to be written after a source."""

from collections.abc import Sequence

import torch
from torch import Tensor

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.symbols import Symbols
from paretoformer.search_spaces.contract import Source

BEGIN, END, PADDING = 256, 257, 258
VOCABULARY = 259
"""Every byte, and the three symbols."""

SYMBOLS = Symbols(begin=BEGIN, end=END, padding=PADDING)


def text_of(ids: Sequence[int]) -> str:
    """What ids say as UTF-8, symbols and negative ids left out; bytes that are none become U+FFFD."""
    return bytes(token for token in ids if 0 <= token < BEGIN).decode("utf-8", errors="replace")


def byte_source(texts: Sequence[str]) -> Source:
    """Texts to be read, (n, longest) right-padded."""
    rows = [text.encode() for text in texts]
    return Source(_table([list(row) for row in rows], PADDING), torch.tensor([len(row) for row in rows]))


def written_after(source: Source, texts: Sequence[str], groups: Tensor | None = None) -> Examples:
    """Examples whose texts are to be written beside the source: begin, bytes -> bytes, end; both (n, longest + 1)."""
    rows = [list(text.encode()) for text in texts]
    return Examples(
        inputs=_table([[BEGIN, *row] for row in rows], PADDING),
        targets=_table([[*row, END] for row in rows], IGNORED),
        lengths=torch.tensor([len(row) + 1 for row in rows]),
        source=source,
        groups=groups,
    )


def _table(rows: Sequence[Sequence[int]], filling: int) -> Tensor:
    """(n, longest) long."""
    table = torch.full((len(rows), max(map(len, rows))), filling)
    for row, ids in zip(table, rows, strict=True):
        row[: len(ids)] = torch.tensor(ids)
    return table
