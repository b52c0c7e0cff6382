"""Values of keys that were named together before."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from paretoformer.evaluators.drawn.limits import check_range
from paretoformer.evaluators.drawn.task import DrawnTask
from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.recall.form import length_metrics, trained_lengths
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.symbols import Symbols
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import LabelOutput, Signature, TokenInput

_PADDING = 0
_DECAY = 0.01
_ROWS = 1_000


@dataclass(frozen=True, kw_only=True)
class RecallOptions:
    """Pairs that are named, the longest sequence that is trained, and how many tokens there are, half keys and half values."""

    pairs: int = 4
    context: int = 32
    vocabulary: int = 64

    def __post_init__(self) -> None:
        check_range("number of pairs", self.pairs, 1, 256)
        check_range("context", self.context, 8 * self.pairs, 4_096)
        check_range("vocabulary", self.vocabulary, 2 * self.pairs + 4, 65_536)


def _signature(options: RecallOptions) -> Signature:
    return Signature(
        input=TokenInput(vocabulary=options.vocabulary, length=2 * options.context),
        output=LabelOutput(classes=options.vocabulary // 2, causal=True),
    )


_DEFAULT = RecallOptions()


@register_task("mqar")
class Recall(DrawnTask):
    """k_1 v_1 ... k_p v_p, then tokens drawn alike among which each key comes once more, where its value is asked.

    A query comes after i gaps of two tokens with probability ~ i^(0.01 - 1), no two in one place. Keys are the lower half of the
    vocabulary without 0, values the upper half. Half the context and all of it are trained, twice it is scored too; sizes are
    lengths. Source: paper 19, after Arora et al. 2023.
    """

    Options = RecallOptions
    about: About = About(
        title="the values of 4 keys, asked later in sequences of 16 or 32 tokens",
        data="generated",
        licence="none: generated",
        baseline="accuracy 0.031 on validation by constant, one of 32 values; 0.25 by guessing among the 4 values that were named",
        papers=(19,),
    )
    metrics: tuple[Metric, ...] = length_metrics(_DEFAULT.context)
    signature: Signature = _signature(_DEFAULT)
    symbols = Symbols(padding=_PADDING)
    recipe: Recipe = Recipe(budget=65_536, batch=128)

    def __init__(self, options: RecallOptions = _DEFAULT) -> None:
        self.options, self.signature, self.metrics = options, _signature(options), length_metrics(options.context)
        super().__init__(self._draw, trained_lengths(options.context), (2 * options.context,), training=16_000)

    def _draw(self, rng: np.random.Generator, size: int, count: int) -> Examples:
        pairs, half = self.options.pairs, self.options.vocabulary // 2
        keys, values = 1 + _distinct(rng, count, half - 1, pairs), _distinct(rng, count, half, pairs)
        gaps = np.arange(1, (size - 2 * pairs) // 2 + 1)
        scores = (_DECAY - 1) * np.log(gaps) + rng.gumbel(
            size=(count, len(gaps))
        )  # the largest: drawn without replacement
        places = 2 * pairs + 2 * (-scores).argsort(1)[:, :pairs]
        inputs = np.full((count, 2 * self.options.context), _PADDING)
        inputs[:, :size] = rng.integers(1, self.options.vocabulary, (count, size))
        inputs[:, 0 : 2 * pairs : 2], inputs[:, 1 : 2 * pairs : 2] = keys, values + half
        targets = np.full_like(inputs, IGNORED)
        np.put_along_axis(inputs, places, keys, 1)
        np.put_along_axis(targets, places, values, 1)
        return Examples(
            inputs=torch.from_numpy(inputs),
            targets=torch.from_numpy(targets),
            lengths=torch.full((count,), size),
        )


def _distinct(rng: np.random.Generator, count: int, below: int, chosen: int) -> npt.NDArray[np.int64]:
    """(count, chosen): different numbers in each row, in a random order."""
    parts = [
        rng.random((min(_ROWS, count - first), below)).argpartition(chosen - 1, axis=1)[:, :chosen]
        for first in range(0, count, _ROWS)
    ]
    return rng.permuted(np.concatenate(parts), axis=1)
