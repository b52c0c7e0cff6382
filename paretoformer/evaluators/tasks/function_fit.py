"""Fitting a known function from sequences to sequences."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from paretoformer.evaluators.drawn.functions import FUNCTIONS
from paretoformer.evaluators.drawn.limits import check_range
from paretoformer.evaluators.drawn.task import DrawnTask
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.largest_error import LargestError
from paretoformer.evaluators.metrics.mae import MeanAbsoluteError
from paretoformer.evaluators.metrics.rmse import RootMeanSquaredError
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import SeriesInput, SeriesOutput, Signature


@dataclass(frozen=True, kw_only=True)
class FunctionOptions:
    """Which function, of how many steps of how many channels."""

    function: Literal["sine-product", "sorting", "running-max", "fourier", "centred"] = "sine-product"
    length: int = 6
    channels: int = 2

    def __post_init__(self) -> None:
        check_range("length", self.length, 2, 128)
        check_range("number of channels", self.channels, 2 if self.function == "sine-product" else 1, 16)

    @property
    def numbers(self) -> int:
        """Numbers that the function gives for a step."""
        return 1 if self.function in ("sine-product", "fourier") else self.channels


def _signature(options: FunctionOptions) -> Signature:
    return Signature(
        input=SeriesInput(channels=options.channels, length=options.length),
        output=SeriesOutput(numbers=options.numbers),
    )


@register_task("function-fit")
class FunctionFit(DrawnTask):
    """A continuous function of inputs drawn alike from [-1, 1]; how the error falls with width is what paper 27 speaks of.

    Its theorem bounds the largest error, which stays large where the mean squared one is small: both are scored.
    """

    Options = FunctionOptions
    about: About = About(
        title="a function of 6 steps of 2 numbers, fitted: a sine of running sums and a reversed product",
        data="generated",
        licence="none: generated",
        baseline="rmse 0.655 on validation by 8 nearest neighbours, 0.745 by linear regression, 0.789 by the mean",
        papers=(27,),
    )
    metrics: tuple[Metric, ...] = (RootMeanSquaredError(), LargestError(), MeanAbsoluteError())
    signature: Signature = _signature(FunctionOptions())
    recipe: Recipe = Recipe(criterion="squared-error", budget=98_304, batch=128)

    def __init__(self, options: FunctionOptions | None = None) -> None:
        chosen = options or FunctionOptions()
        self.signature = _signature(chosen)

        def draw(rng: np.random.Generator, size: int, count: int) -> Examples:
            inputs = rng.uniform(-1, 1, (count, size, chosen.channels)).astype(np.float32)
            targets = FUNCTIONS[chosen.function](inputs.astype(np.float64))
            return Examples(inputs=torch.from_numpy(inputs), targets=torch.from_numpy(targets).float())

        super().__init__(draw, (chosen.length,), version=f"1 {chosen.function}")
