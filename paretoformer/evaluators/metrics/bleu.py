"""How many runs of words a written text shares with the one that was wanted."""

import re
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from torch import Tensor

from paretoformer.evaluators.byte_text import text_of
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metric import GeneratedMetric
from paretoformer.evaluators.ngrams import overlap, references, table

_ORDERS = 4
_ENTITIES = {"&quot;": '"', "&amp;": "&", "&lt;": "<", "&gt;": ">"}
_SPACED = (
    (re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])"), r" \1 "),
    (re.compile(r"([^0-9])([\.,])"), r"\1 \2 "),
    (re.compile(r"([\.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)


class Bleu(GeneratedMetric):
    """BLEU of bytes read as text, 0 to 100: precision of runs of 1 to 4 words, times a penalty for texts that are too short.

    The score of a corpus, of summed counts, as sacrebleu's `BLEU().corpus_score` gives it: words by the rules of mteval-v13a, an
    order without a match halved once more than the one before. Source: Papineni et al. 2002; Post 2018.
    """

    name = "bleu"
    unit = "points"
    minimise = False
    least: ClassVar[float] = 0.0
    most: ClassVar[float] = 100.0

    def parts(self, generated: Tensor, examples: Examples) -> Tensor:
        """generated: ids (B, T) -> words found and wanted, runs shared, runs found of 4 orders each, and 1: (B, 11)."""
        pairs = zip(generated.tolist(), references(examples), strict=True)
        return table([_counts(words(text_of(found)), words(text_of(wanted))) for found, wanted in pairs])

    def combine(self, sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(..., 11) -> (...,)."""
        length, wanted, shared, found = sums[..., 0], sums[..., 1], sums[..., 2:6], sums[..., 6:10]
        halved = 0.5 ** np.cumsum(shared == 0, -1)  # of one match
        precision = np.where(shared > 0, shared, halved) / np.maximum(found, 1)
        short = np.exp(np.minimum(0, 1 - wanted / np.maximum(length, 1)))
        asked = (found > 0).all(-1) & (shared > 0).any(-1)
        score: npt.NDArray[np.float64] = np.where(asked, 100 * short * np.exp(np.log(precision).mean(-1)), 0)
        return score


def words(text: str) -> tuple[str, ...]:
    """Words and signs of a text, as mteval-v13a parts them."""
    text = text.rstrip().replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, sign in _ENTITIES.items():
        text = text.replace(entity, sign)
    text = f" {text} "
    for pattern, spaced in _SPACED:
        text = pattern.sub(spaced, text)
    return tuple(text.split())


def _counts(found: tuple[str, ...], wanted: tuple[str, ...]) -> list[int]:
    counts = overlap(found, wanted, _ORDERS)
    return [len(found), len(wanted), *(shared for _, _, shared in counts), *(mine for mine, _, _ in counts)]
