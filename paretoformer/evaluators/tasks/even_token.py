"""Gathering every second token in the first half."""

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
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import LabelOutput, Signature, TokenInput


@dataclass(frozen=True, kw_only=True)
class EvenTokenOptions:
    """Tokens in a sequence, an even number, and how many different ones there are."""

    length: int = 16
    vocabulary: int = 10

    def __post_init__(self) -> None:
        check_range("length", self.length, 4, 512)
        check_range("vocabulary", self.vocabulary, 2, 10_000)
        if self.length % 2:
            raise UserError(f"The length is {self.length}; it must be even, from 4 to 512.")
        check_space(self.vocabulary**self.length, NEEDED, "the length or the vocabulary")


def _signature(options: EvenTokenOptions) -> Signature:
    return Signature(
        input=TokenInput(vocabulary=options.vocabulary, length=options.length),
        output=LabelOutput(classes=options.vocabulary + 1),
    )


@register_task("even-token")
class EvenToken(DrawnTask):
    """x_2, x_4, ..., x_n as the labels of the first half, and one label more for all of the second half.

    The second half alone gives an accuracy of 0.5. Source: paper 09, task ETP.
    """

    Options = EvenTokenOptions
    about: About = About(
        title="every second of 16 tokens, gathered in the first half",
        data="generated",
        licence="none: generated",
        baseline="accuracy 0.5 by constant, which is the second half; 0.55 by the half that is known and a guess of 10",
        papers=(9,),
    )
    metrics: tuple[Metric, ...] = (Accuracy(), ExactMatch())
    signature: Signature = _signature(EvenTokenOptions())
    recipe: Recipe = Recipe(budget=65_536)

    def __init__(self, options: EvenTokenOptions | None = None) -> None:
        chosen = options or EvenTokenOptions()
        self.signature = _signature(chosen)

        def draw(rng: np.random.Generator, size: int, count: int) -> Examples:
            tokens = torch.from_numpy(rng.integers(0, chosen.vocabulary, (count, size)))
            closing = torch.full((count, size // 2), chosen.vocabulary)
            return Examples(inputs=tokens, targets=torch.cat((tokens[:, 1::2], closing), 1))

        super().__init__(draw, (chosen.length,))
