"""Passages of a text, cut by content, so that a copy elsewhere has the same ones; copies form a group."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from paretoformer.evaluators.repetition import ONE_IN, STRETCH, prints, stretch_hashes

LEAST = 257
"""Bytes of the shortest passage but the last: a window and the byte after it."""

_PER_TEXT = 128
_LARGEST_PACE = 2**16
_PRINTS = 64  # of a passage of usual length, enough to tell a half


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A stretch of text; passages of equal group tell much the same and belong to one split."""

    content: bytes
    group: int


def passages(text: bytes) -> list[Passage]:
    """The text in order, in about 64 passages (fewer and shorter ones below 64 kB, of at most 256 kB each).

    A cut stands where the content's hash says so, at least a pace after the last cut and at most four. Two passages
    belong to one group if they share at least half of the prints of the one that has fewer. Time is linear: each
    print is known by the first passage that has it.
    """
    pace = min(max(len(text) // _PER_TEXT, LEAST), _LARGEST_PACE)
    parts = [text[start:end] for start, end in _spans(text, pace)]
    groups = _groups([prints(part, max(ONE_IN, pace // _PRINTS)).tolist() for part in parts])
    return [Passage(content=part, group=group) for part, group in zip(parts, groups, strict=True)]


def _spans(text: bytes, pace: int) -> Iterator[tuple[int, int]]:
    start, last = 0, len(text) - LEAST
    for cut in _places(text, pace):
        while min(cut, last) - start > 4 * pace:
            yield start, start + 4 * pace
            start += 4 * pace
        if start + pace <= cut <= last:
            yield start, cut
            start = cut
    yield start, len(text)


def _places(text: bytes, pace: int) -> Iterator[int]:
    """Where the content says that a passage may end, one place in about `pace`; the text's own end is the last."""
    content = np.frombuffer(text, dtype=np.uint8)
    for begin in range(0, len(content) - STRETCH + 1, _LARGEST_PACE):
        hashes = stretch_hashes(content[begin : begin + _LARGEST_PACE + STRETCH - 1])
        yield from (begin + STRETCH + np.flatnonzero(hashes % np.uint64(pace) == 1)).tolist()
    yield len(text)


def _groups(found: Sequence[Sequence[int]]) -> list[int]:
    """A number for each passage, that of the first one in its group."""
    leader = list(range(len(found)))
    owner: dict[int, int] = {}

    def first(item: int) -> int:
        while leader[item] != item:
            leader[item] = item = leader[leader[item]]
        return item

    for item, own in enumerate(found):
        shared = Counter(owner[each] for each in own if each in owner)
        for other, count in shared.items():
            if 2 * count >= min(len(own), len(found[other])):
                one, two = sorted((first(item), first(other)))
                leader[two] = one
        for each in own:
            owner.setdefault(each, item)
    return [first(item) for item in range(len(found))]
