"""Windows of bytes for language modelling."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.passages import Passage
from paretoformer.evaluators.repetition import distinct, is_repetition, prints

LENGTH = 256
"""Bytes that a window asks for."""


def byte_windows(texts: Mapping[Split, Iterable[Sequence[Passage]]]) -> dict[Split, Examples]:
    """Windows of every text, which is a sequence of passages: inputs are 256 bytes, targets the byte after each.

    Both are (B, 256) long, and a window's group is that of the passage in which its middle lies. Windows of one text
    follow one another without overlap of their targets, in training too, so that every byte but the first of a text
    and a remainder of up to 256 at its end is asked exactly once. A window is left out if an earlier split (training,
    validation, test) has its inputs already, or half of its prints, however they are shifted.
    """
    taken: set[bytes] = set()
    known = np.empty(0, np.uint64)
    found = {}
    for split in Split:
        runs = [list(run) for run in texts[split]]
        pairs = [pair for run in runs for pair in _rows(run)]
        kept = [(row, group) for row, group in pairs if row[:-1] not in taken and not is_repetition(row, known)]
        taken.update(row[:-1] for row, _ in kept)
        known = distinct(known, *(prints(b"".join(passage.content for passage in run)) for run in runs))
        found[split] = _examples(kept)
    return found


def _rows(run: Sequence[Passage]) -> Iterable[tuple[bytes, int]]:
    """Each window with the byte after it, and its group."""
    text = b"".join(passage.content for passage in run)
    ends = np.cumsum([len(passage.content) for passage in run])
    starts = range(0, len(text) - LENGTH, LENGTH)
    places = np.searchsorted(ends, [start + LENGTH // 2 for start in starts], side="right")
    return ((text[start : start + LENGTH + 1], run[place].group) for start, place in zip(starts, places, strict=True))


def _examples(rows: list[tuple[bytes, int]]) -> Examples:
    flat = np.frombuffer(b"".join(row for row, _ in rows), dtype=np.uint8)
    windows: Tensor = torch.from_numpy(flat.astype(np.int64)).reshape(-1, LENGTH + 1)
    groups = torch.tensor([group for _, group in rows], dtype=torch.long)
    return Examples(inputs=windows[:, :-1], targets=windows[:, 1:], groups=groups)
