"""How far points lie from where they should, whatever the scale."""

from typing import ClassVar, Literal

import torch
from torch import Tensor

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.geometry.point_maps import point_errors
from paretoformer.evaluators.metric import OutputMetric


class PointError(OutputMetric):
    """Mean distance of points from the true ones, of both views or of one, over all pixels that are asked.

    Found and true points are each divided by their mean distance from the first camera, so that a scale, which two pictures
    do not tell, costs nothing; an error of 1 is that mean distance. Source: paper 12, equation 2.
    """

    unit = "mean distance"
    minimise = True
    least: ClassVar[float] = 0.0

    def __init__(self, view: Literal[1, 2] | None = None) -> None:
        self.name = "point-error" if view is None else f"point-error-{view}"
        self._views = slice(None) if view is None else slice(view - 1, view)

    def parts(self, outputs: Tensor, examples: Examples) -> Tensor:
        """outputs: (B, 2, 4, H, W) -> errors and pixels asked of each example, (B, 2) float64."""
        errors, asked = (part[:, self._views].flatten(1) for part in point_errors(outputs, examples.targets))
        return torch.stack((errors.double().sum(1), asked.sum(1).double()), 1)
