"""Regression of points, each weighed by the confidence that the model has in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from paretoformer.evaluators.criterion import register_criterion
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.geometry.point_maps import CHANNELS, Scale, confidence, point_errors
from paretoformer.evaluators.output_loss import OutputCriterion
from paretoformer.records.errors import UserError
from paretoformer.records.signature import DenseOutput

if TYPE_CHECKING:
    from paretoformer.evaluators.task import Task


@register_criterion("pointmap", papers=(12,))
@dataclass(frozen=True, kw_only=True)
class PointMap(OutputCriterion):
    """Confidence times error minus `alpha` times the logarithm of the confidence, a mean over each view, added.

    An error is the distance of two points, each map being divided by the mean distance of its points, or taken as it is where
    `scale` is metric; the confidence that costs least is alpha / error, and at least 1. Source: paper 12, equations 2 to 4,
    whose alpha and scale are the defaults.
    """

    alpha: float = 0.2
    scale: Scale = "normalised"

    def __post_init__(self) -> None:
        if not self.alpha >= 0:
            raise UserError(f"The option 'alpha' of criterion pointmap is {self.alpha}; it must be at least 0.")

    def problems(self, task: "Task") -> Iterator[str]:
        """Targets are points of pixels."""
        output = task.signature.output
        if not isinstance(output, DenseOutput) or output.columns != CHANNELS:
            yield f"criterion pointmap compares {CHANNELS} numbers a pixel, and {task.name} gives {task.signature}"

    def loss(self, outputs: Tensor, examples: Examples) -> Tensor:
        """outputs: (B, 2, 4, H, W) -> a scalar; nan targets are not asked."""
        errors, asked = point_errors(outputs, examples.targets, self.scale)
        sure = confidence(outputs)
        costs = (sure * errors - self.alpha * sure.log()).where(asked, 0.0)  # (B, 2, H, W)
        return (costs.sum((0, 2, 3)) / asked.sum((0, 2, 3)).clamp_min(1)).sum()
