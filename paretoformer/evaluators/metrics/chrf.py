"""How many runs of characters a written text shares with the one that was wanted."""

from typing import ClassVar

import numpy as np
import numpy.typing as npt
from torch import Tensor

from paretoformer.evaluators.byte_text import text_of
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metric import GeneratedMetric
from paretoformer.evaluators.ngrams import overlap, references, table

_ORDERS = 6
_BETA = 2


class ChrF(GeneratedMetric):
    """chrF2 of bytes read as text, 0 to 100: F-score of runs of 1 to 6 characters without spaces, recall counting twice as much.

    The score of a corpus, of summed counts, as sacrebleu's `CHRF().corpus_score` gives it. Source: Popovic 2015, eq. 1.
    """

    name = "chrf"
    unit = "points"
    minimise = False
    least: ClassVar[float] = 0.0
    most: ClassVar[float] = 100.0

    def parts(self, generated: Tensor, examples: Examples) -> Tensor:
        """generated: ids (B, T) -> counts of 6 orders, found, wanted and shared of each, and 1: (B, 19)."""
        pairs = zip(generated.tolist(), references(examples), strict=True)
        return table([_counts(text_of(found), text_of(wanted)) for found, wanted in pairs])

    def combine(self, sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(..., 19) -> (...,)."""
        counts = sums[..., :-1].reshape(*sums.shape[:-1], _ORDERS, 3)
        found, wanted, shared = counts[..., 0], counts[..., 1], counts[..., 2]
        seen = (found > 0) & (wanted > 0)  # an order that a text is too short for says nothing
        orders = np.maximum(seen.sum(-1), 1)
        precision = np.where(seen, shared / np.maximum(found, 1), 0).sum(-1) / orders
        recall = np.where(seen, shared / np.maximum(wanted, 1), 0).sum(-1) / orders
        weighed = _BETA**2 * precision + recall
        score: npt.NDArray[np.float64] = 100 * (1 + _BETA**2) * precision * recall / np.where(weighed > 0, weighed, 1)
        return score


def _counts(found: str, wanted: str) -> list[int]:
    counts = overlap("".join(found.split()), "".join(wanted.split()), _ORDERS)
    return [number for mine, theirs, shared in counts for number in (mine if theirs else 0, theirs, shared)]
