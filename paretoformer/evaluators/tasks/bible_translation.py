"""Verses of the Bible from one translation to another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from paretoformer.evaluators.byte_text import SYMBOLS, VOCABULARY, byte_source, text_of, written_after
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.bits_per_byte import BitsPerByte
from paretoformer.evaluators.metrics.bleu import Bleu
from paretoformer.evaluators.metrics.chrf import ChrF
from paretoformer.evaluators.packages import folder
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.splits import content_key, group_numbers
from paretoformer.evaluators.task import About
from paretoformer.evaluators.verses import deal_verses, read_verses
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature, TokenInput, TokenOutput

_LONGEST = 100
"""Bytes of the longest verse, on either side."""

_FILES = {"en-es": ("kjv.txt", "rv1909.txt"), "kjv-web": ("kjv.txt", "web.txt")}


@dataclass(frozen=True, kw_only=True)
class BibleOptions:
    """From the King James Version to Spanish (Reina-Valera 1909), or to today's English (World English Bible)."""

    pair: Literal["en-es", "kjv-web"] = "en-es"


@register_task("bible-translation")
class BibleTranslation(MemoryTask):
    """The verse in the second translation, byte by byte, beside the first; verses of up to 100 bytes.

    Whole chapters are dealt to the splits, and what a later split repeats of an earlier one is left out.
    """

    Options = BibleOptions
    about: About = About(
        title="verses of the Bible, King James to Spanish or to today's English",
        data="31,077 verses of the King James Version, Reina-Valera 1909 and World English Bible, those of up to 100 bytes",
        licence="public domain",
        baseline="1.983 bits/byte on validation by a byte n-gram of order 4 of the Spanish text alone, chrF "
        "16.0 by a copy of the English",
        papers=(4, 28),
        package="bibles",
    )
    metrics: tuple[Metric, ...] = (BitsPerByte(), ChrF(), Bleu())
    signature: Signature = Signature(
        input=TokenInput(vocabulary=VOCABULARY, length=_LONGEST + 1),
        output=TokenOutput(vocabulary=VOCABULARY),
        source=TokenInput(vocabulary=VOCABULARY, length=_LONGEST),
    )
    recipe: Recipe = Recipe(learning_rate=4e-3, batch=32, budget=16_384)
    symbols = SYMBOLS

    def __init__(self, options: BibleOptions = BibleOptions()) -> None:
        data = folder("bibles")
        source, target = (data / name for name in _FILES[options.pair])
        verses = read_verses(source, target, _LONGEST)
        dealt = deal_verses(verses)
        lines = (f"{split}\t{each.chapter}\t{each.source}\t{each.target}" for split in Split for each in dealt[split])
        super().__init__(
            {
                split: written_after(
                    byte_source([verse.source for verse in dealt[split]]),
                    [verse.target for verse in dealt[split]],
                    group_numbers([verse.chapter for verse in dealt[split]]),
                )
                for split in Split
            },
            data_hash=content_key("\n".join(lines).encode()),
        )

    def text(self, ids: Sequence[int]) -> str:
        """The verse that ids spell."""
        return text_of(ids)
