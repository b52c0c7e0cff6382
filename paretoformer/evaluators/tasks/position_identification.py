"""Naming the place of every token."""

from dataclasses import dataclass

import numpy as np
import torch

from paretoformer.evaluators.drawn.limits import check_range, check_space
from paretoformer.evaluators.drawn.task import NEEDED, DrawnTask
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.metrics.exact_match import ExactMatch
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import LabelOutput, Signature, TokenInput


@dataclass(frozen=True, kw_only=True)
class PositionOptions:
    """Tokens in a sequence, and how many different ones there are."""

    length: int = 16
    vocabulary: int = 10

    def __post_init__(self) -> None:
        check_range("length", self.length, 4, 512)
        check_range("vocabulary", self.vocabulary, 2, 10_000)
        check_space(self.vocabulary**self.length, NEEDED, "the length or the vocabulary")


def _signature(options: PositionOptions) -> Signature:
    return Signature(
        input=TokenInput(vocabulary=options.vocabulary, length=options.length),
        output=LabelOutput(classes=options.length),
    )


@register_task("position-identification")
class PositionIdentification(DrawnTask):
    """Tokens drawn alike, and the label of the i-th is i; there is no padding, and the first place is asked like any other.

    A model that knows no absolute position does not beat chance, whatever relative positions it adds to its scores.
    Source: paper 09, task PI; there the first place is not scored, its label being the padding's.
    """

    Options = PositionOptions
    about: About = About(
        title="which place each of 16 tokens has",
        data="generated",
        licence="none: generated",
        baseline="accuracy 0.0625 by constant and by any model without absolute positions, 1 by the place itself",
        papers=(9,),
    )
    metrics: tuple[Metric, ...] = (Accuracy(), ExactMatch())
    signature: Signature = _signature(PositionOptions())
    recipe: Recipe = Recipe(budget=16_384)

    def __init__(self, options: PositionOptions | None = None) -> None:
        chosen = options or PositionOptions()
        self.signature = _signature(chosen)

        def draw(rng: np.random.Generator, size: int, count: int) -> Examples:
            tokens = torch.from_numpy(rng.integers(0, chosen.vocabulary, (count, size)))
            return Examples(inputs=tokens, targets=torch.arange(size).expand(count, size).contiguous())

        super().__init__(draw, (chosen.length,))
