"""How far points lie from where they should, in metres."""

from typing import ClassVar, Literal

import torch
from torch import Tensor

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.geometry.point_maps import point_errors
from paretoformer.evaluators.metric import OutputMetric


class PointDistance(OutputMetric):
    """Mean distance of points from the true ones, of both views or of one, over all pixels that are asked.

    For tasks whose cameras stand a known distance apart, so that two pictures tell a scale too.
    """

    unit = "metres"
    minimise = True
    least: ClassVar[float] = 0.0

    def __init__(self, view: Literal[1, 2] | None = None) -> None:
        self.name = "point-distance" if view is None else f"point-distance-{view}"
        self._views = slice(None) if view is None else slice(view - 1, view)

    def parts(self, outputs: Tensor, examples: Examples) -> Tensor:
        """outputs: (B, 2, 4, H, W) -> distances and pixels asked of each example, (B, 2) float64."""
        found = point_errors(outputs, examples.targets, "metric")
        errors, asked = (part[:, self._views].flatten(1) for part in found)
        return torch.stack((errors.double().sum(1), asked.sum(1).double()), 1)
