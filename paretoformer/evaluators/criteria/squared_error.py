"""Mean squared error of numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from paretoformer.evaluators.criterion import register_criterion
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.output_loss import OutputCriterion
from paretoformer.records.signature import NumberOutput, SeriesOutput

if TYPE_CHECKING:
    from paretoformer.evaluators.task import Task


@register_criterion("squared-error", papers=(27,))
@dataclass(frozen=True, kw_only=True)
class SquaredError(OutputCriterion):
    """Mean over the numbers that are asked."""

    def problems(self, task: "Task") -> Iterator[str]:
        """Targets are numbers."""
        if not isinstance(task.signature.output, NumberOutput | SeriesOutput):
            yield f"criterion squared-error compares numbers, and {task.name} gives {task.signature}"

    def loss(self, outputs: Tensor, examples: Examples) -> Tensor:
        """outputs: (B, K) or (B, N, K) -> a scalar; nan targets are not asked."""
        asked = ~examples.targets.isnan()
        errors = torch.where(asked, outputs - examples.targets.nan_to_num(), 0.0)
        return errors.square().sum() / asked.sum().clamp_min(1)
