"""Windows of bytes for language modelling."""

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import Tensor

from paretoformer.evaluators.examples import Examples, Split

LENGTH = 256
"""Bytes that a window asks for."""


def byte_windows(texts: Mapping[Split, Iterable[bytes]]) -> dict[Split, Examples]:
    """Windows of every text: inputs are 256 bytes, targets the byte after each, both (B, 256) long.

    Windows of one text follow one another without overlap of their targets, in training too, so that every byte but
    the first of a text and a remainder of up to 256 at its end is asked exactly once. A window whose inputs an earlier
    split (training, validation, test) has already is left out.
    """
    taken: set[bytes] = set()
    found = {}
    for split in Split:
        rows = [row for text in texts[split] for row in _rows(text)]
        kept = [row for row in rows if row[:-1] not in taken]
        taken.update(row[:-1] for row in kept)
        found[split] = _examples(kept)
    return found


def _rows(text: bytes) -> Iterable[bytes]:
    return (text[start : start + LENGTH + 1] for start in range(0, len(text) - LENGTH, LENGTH))


def _examples(rows: list[bytes]) -> Examples:
    flat = np.frombuffer(b"".join(rows), dtype=np.uint8)
    windows: Tensor = torch.from_numpy(flat.astype(np.int64)).reshape(-1, LENGTH + 1)
    return Examples(inputs=windows[:, :-1], targets=windows[:, 1:])
