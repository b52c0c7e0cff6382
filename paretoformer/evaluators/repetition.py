"""Text that is there already, found wherever it stands: by hashes of short stretches, chosen by their content."""

import numpy as np
import numpy.typing as npt

STRETCH = 32
"""Bytes of a stretch; a power of two."""
ONE_IN = 4
"""One in so many stretches is kept, by its hash: the same ones wherever a text begins."""

_PIECE = 2**20  # bytes hashed at a time
_BASE, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)

Prints = npt.NDArray[np.uint64]


def prints(text: bytes, one_in: int = ONE_IN) -> Prints:
    """Distinct hashes of about one in `one_in` stretches of `text`, ascending; none where it is shorter than a stretch.

    A text that contains another has all of its prints, so that shifting a copy changes nothing. Time is linear.
    """
    content = np.frombuffer(text, dtype=np.uint8)
    kept = [np.empty(0, np.uint64)]
    for start in range(0, len(content) - STRETCH + 1, _PIECE):
        found = stretch_hashes(content[start : start + _PIECE + STRETCH - 1])
        kept.append(distinct(found[found % np.uint64(one_in) == 0]))
    return distinct(*kept)


def distinct(*found: Prints) -> Prints:
    """All of them once, ascending. (`numpy.unique` goes through a hash table here, twenty times as slow.)"""
    every = np.sort(np.concatenate(found))
    return every[np.append(True, every[1:] != every[:-1])[: len(every)]]


def stretch_hashes(content: npt.NDArray[np.uint8]) -> Prints:
    """A hash for the stretch that begins at each place, (n,) -> (n - STRETCH + 1,), all bits well mixed."""
    hashes, base, length = content.astype(np.uint64), _BASE, 1
    while length < STRETCH:  # a hash of two neighbours of `length` from theirs
        hashes = hashes[:-length] + base * hashes[length:]
        base, length = np.multiply(base, base, dtype=np.uint64), 2 * length
    hashes = (hashes ^ (hashes >> _HALF)) * _MIX
    mixed: Prints = hashes ^ (hashes >> _HALF)
    return mixed


def is_repetition(text: bytes, known: Prints) -> bool:
    """Whether at least half of the prints of `text` are among `known`, which ascend; False where it has none."""
    own = prints(text) if len(known) else known
    if not len(own):
        return False
    places = np.searchsorted(known, own).clip(max=len(known) - 1)
    return bool(2 * (known[places] == own).sum() >= len(own))
