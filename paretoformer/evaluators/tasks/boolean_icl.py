"""Learning a Boolean function from the labelled examples before."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from paretoformer.evaluators.boolean.classes import CLASSES, PARITY_BITS, SPARSE_LITERALS
from paretoformer.evaluators.boolean.teaching import teaching_lesson
from paretoformer.evaluators.drawn.limits import check_range, check_space
from paretoformer.evaluators.drawn.task import HELD_OUT, DrawnTask
from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.metrics.last_accuracy import LastAccuracy
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import LabelOutput, SeriesInput, Signature

_TRAINING = 16_000


@dataclass(frozen=True, kw_only=True)
class BooleanOptions:
    """The class of functions, how many bits a point has and how many points a sequence.

    `noise` is the share of labels that are flipped where they are shown, never where they are asked; with `teaching` the class is
    conjunctions of positive literals and the first points name the function.
    """

    function: Literal[
        "conjunction",
        "disjunction",
        "sparse-disjunction",
        "dnf",
        "cnf",
        "majority",
        "integer-halfspace",
        "sparse-threshold",
        "parity",
        "sparse-parity",
        "nearest-neighbour",
    ] = "conjunction"
    inputs: int = 8
    points: int = 24
    noise: float = 0.0
    teaching: bool = False

    def __post_init__(self) -> None:
        least = {"sparse-disjunction": SPARSE_LITERALS, "sparse-parity": PARITY_BITS}.get(self.function, 2)
        check_range("number of inputs", self.inputs, least, 64)
        check_range("number of points", self.points, 2, 256)
        check_range("noise", self.noise, 0, 0.5)
        if self.teaching and self.function != "conjunction":
            raise UserError(f"Teaching needs function=conjunction, and the function is {self.function}.")
        check_space(2 ** (self.inputs * self.points), _TRAINING + 2 * HELD_OUT, "the inputs or the points")


def _signature(options: BooleanOptions) -> Signature:
    return Signature(
        input=SeriesInput(channels=options.inputs, length=2 * options.points),
        output=LabelOutput(classes=2, causal=True),
    )


@register_task("boolean-icl")
class BooleanLearning(DrawnTask):
    """x_1, y_1, x_2, y_2, ... of a function that is drawn anew for each sequence; y_i is asked at x_i, 1 for true.

    A label is a step (y, 0, ..., 0) with y -1 or 1. Learners to compare with are in `boolean.learners`. Source: paper 32.
    """

    Options = BooleanOptions
    about: About = About(
        title="labels of conjunctions of 8 literals, each learned from the up to 23 labelled points before",
        data="generated",
        licence="none: generated",
        baseline="accuracy 0.838 on validation by all literals no positive contradicts, 0.756 by nearest neighbour, 0.724 by averaging, "
        "0.579 by the more frequent label (boolean.learners), 0.505 by constant",
        papers=(32,),
    )
    metrics: tuple[Metric, ...] = (Accuracy(), LastAccuracy())
    signature: Signature = _signature(BooleanOptions())
    recipe: Recipe = Recipe(budget=65_536)

    def __init__(self, options: BooleanOptions | None = None) -> None:
        self.options = options or BooleanOptions()
        self.signature = _signature(self.options)
        super().__init__(self._draw, (self.options.points,), training=_TRAINING)

    def _draw(self, rng: np.random.Generator, size: int, count: int) -> Examples:
        lesson = (teaching_lesson if self.options.teaching else CLASSES[self.options.function])(
            rng, count, size, self.options.inputs
        )
        inputs = np.zeros((count, 2 * size, self.options.inputs), dtype=np.float32)
        inputs[:, 0::2] = lesson.points
        inputs[:, 1::2, 0] = np.where(rng.random((count, size)) < self.options.noise, -lesson.labels, lesson.labels)
        targets = np.full((count, 2 * size), IGNORED)
        targets[:, 0::2] = np.where(lesson.asked, (lesson.labels + 1) // 2, IGNORED)
        return Examples(inputs=torch.from_numpy(inputs), targets=torch.from_numpy(targets))
