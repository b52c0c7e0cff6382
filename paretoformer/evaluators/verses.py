"""Verses of the Bible in two translations, dealt by chapters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.repetition import distinct, is_repetition, prints
from paretoformer.evaluators.splits import deal, letters_of


@dataclass(frozen=True, kw_only=True)
class Verse:
    """One verse twice; `chapter` says where it stands."""

    chapter: str
    source: str
    target: str


def read_verses(source: Path, target: Path, longest: int) -> list[Verse]:
    """Verses that both files have in up to `longest` bytes, in the source's order; lines are `Book chapter:verse`, a tab, the verse."""
    theirs = _lines(target)
    return [
        Verse(chapter=place.rpartition(":")[0], source=text, target=theirs[place])
        for place, text in _lines(source).items()
        if place in theirs and max(len(text.encode()), len(theirs[place].encode())) <= longest
    ]


def deal_verses(verses: Sequence[Verse]) -> dict[Split, list[Verse]]:
    """Whole chapters to each split.

    The Bible repeats itself: a verse is left out if its source or its target stands in an earlier split (training, validation,
    test), be it with other spaces, capitals and punctuation, or half of its prints do; and within a split if its source did.
    """
    dealt = deal([verse.chapter for verse in verses])
    known, taken = np.empty(0, np.uint64), set[str]()
    found: dict[Split, list[Verse]] = {}
    for split in Split:
        kept: dict[str, Verse] = {}
        for item in dealt[split]:
            verse = verses[item]
            sides = (verse.source, verse.target)
            if not any(letters_of(side) in taken or is_repetition(side.encode(), known) for side in sides):
                kept.setdefault(verse.source, verse)
        found[split] = list(kept.values())
        texts = [side for verse in found[split] for side in (verse.source, verse.target)]
        taken.update(map(letters_of, texts))
        known = distinct(known, prints("\n".join(texts).encode()))
    return found


def _lines(file: Path) -> Mapping[str, str]:
    pairs = (line.partition("\t") for line in file.read_text(encoding="utf-8").splitlines())
    return {place: text for place, _, text in pairs}
