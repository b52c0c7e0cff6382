"""How far those points are off that a model is surest of."""

from typing import ClassVar

import torch
from torch import Tensor

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.geometry.point_maps import confidence, point_errors
from paretoformer.evaluators.metric import OutputMetric


class SurePointError(OutputMetric):
    """`PointError` over the half of each example's pixels with the highest confidence.

    It lies below that of all pixels where a model knows what it does not know. Pixels of equal confidence share what is
    left of the half.
    """

    name = "sure-point-error"
    unit = "mean distance"
    minimise = True
    least: ClassVar[float] = 0.0

    def parts(self, outputs: Tensor, examples: Examples) -> Tensor:
        """outputs: (B, 2, 4, H, W) -> errors and pixels of the half, (B, 2) float64."""
        errors, asked = (part.flatten(1) for part in point_errors(outputs, examples.targets))
        sure = confidence(outputs).flatten(1).where(asked, 0.0)  # below 1 where nothing is asked
        half = (asked.sum(1, keepdim=True) + 1) // 2
        ordered = sure.sort(1, descending=True).values
        border = ordered.gather(1, (half - 1).clamp_min(0))
        above, level = (sure > border) & asked, (sure == border) & asked
        share = (half - above.sum(1, keepdim=True)) / level.sum(1, keepdim=True).clamp_min(1)
        weights = above.double() + level.double() * share.double()
        return torch.stack(((errors * weights).sum(1), weights.sum(1)), 1)
