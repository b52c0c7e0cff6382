"""Undoing a permutation that is given beside the permuted tokens."""

from dataclasses import dataclass
from math import factorial
from typing import Literal

import numpy as np
import torch

from paretoformer.evaluators.drawn.limits import check_range, check_space
from paretoformer.evaluators.drawn.task import HELD_OUT, DrawnTask
from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.metrics.exact_match import ExactMatch
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import LabelOutput, Signature, TokenInput

_TRAINING = 16_000


@dataclass(frozen=True, kw_only=True)
class PermutationOptions:
    """What is permuted and where it is answered.

    Attributes:
        length: tokens that are permuted.
        symbols: how many different ones there are.
        read: in-place, at the second of the two parts; or padded, at the last pads.
        pads: how many there are, each the same token; `length` unless given, at least so many where read padded.
        order: which of the two parts comes first.
    """

    length: int = 6
    symbols: int = 8
    read: Literal["in-place", "padded"] = "in-place"
    pads: int = 0
    order: Literal["permutation-first", "tokens-first"] = "permutation-first"

    def __post_init__(self) -> None:
        check_range("length", self.length, 2, 64)
        check_range("number of symbols", self.symbols, 2, 1_000)
        check_range("number of pads", self.pads, 0, 256)
        if self.read == "padded" and 0 < self.pads < self.length:
            raise UserError(f"The number of pads is {self.pads}; it must be from {self.length}, the length, to 256.")
        if self.read == "in-place" and self.pads:
            raise UserError(f"The number of pads is {self.pads}; where read=in-place it must be 0.")
        space = factorial(self.length) * self.symbols**self.length
        check_space(space, _TRAINING + 2 * HELD_OUT, "the length or the symbols")

    @property
    def padding(self) -> int:
        """Pads after both parts."""
        return (self.pads or self.length) if self.read == "padded" else 0


def _signature(options: PermutationOptions) -> Signature:
    return Signature(
        input=TokenInput(vocabulary=options.length + options.symbols + 1, length=2 * options.length + options.padding),
        output=LabelOutput(classes=options.symbols),
    )


@register_task("inverse-permutation")
class InversePermutation(DrawnTask):
    """Permutation p and tokens z with z_j = y_p(j); y_i is asked at the i-th read place.

    Read in place a causal model is held to `drawn.permutations.in_place_ceiling`, (d + 1) / (2 d) + (d - 1) / (2 d V), by what it
    can see, and a bidirectional one or one with pads to nothing. A model that writes y after its input has places of its
    own, like pads: that language models fail at inversion does not follow. With the tokens first a causal model sees all
    of them and p only in part. Source: paper 23.
    """

    Options = PermutationOptions
    about: About = About(
        title="6 tokens of 8 kinds put back in order by the permutation that is given",
        data="generated",
        licence="none: generated",
        baseline="accuracy 0.124 on validation by constant, 0.364 by logistic regression; "
        "no causal model is above 0.635 = (d + 1) / (2d) + (d - 1) / (2dV)",
        papers=(23,),
    )
    metrics: tuple[Metric, ...] = (Accuracy(), ExactMatch())
    signature: Signature = _signature(PermutationOptions())
    recipe: Recipe = Recipe(budget=131_072, batch=128)

    def __init__(self, options: PermutationOptions | None = None) -> None:
        self.options = options or PermutationOptions()
        self.signature = _signature(self.options)
        super().__init__(self._draw, (self.options.length,), training=_TRAINING)

    def _draw(self, rng: np.random.Generator, size: int, count: int) -> Examples:
        orders = torch.from_numpy(rng.permuted(np.tile(np.arange(size), (count, 1)), axis=1))  # (count, d)
        wanted = torch.from_numpy(rng.integers(0, self.options.symbols, (count, size)))
        parts = [orders, wanted.gather(1, orders) + size]
        if self.options.order == "tokens-first":
            parts.reverse()
        pads = torch.full((count, self.options.padding), size + self.options.symbols)
        inputs = torch.cat((*parts, pads), 1)
        unasked = torch.full((count, inputs.shape[1] - size), IGNORED)
        return Examples(inputs=inputs, targets=torch.cat((unasked, wanted), 1))
