"""What was found of pairs of views of one scene."""

from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.evaluators.geometry.point_maps import confidence, normalised, read


@dataclass(frozen=True, kw_only=True)
class ViewPairs:
    """E ordered pairs of the views of one scene, which have numbers from 0; each view is the first of some pair.

    `views` (E, 2) long. `points` (E, 2, H, W, 3), both views' in the camera of the pair's first, each pair in a scale of
    its own. `weights` (E, 2, H, W) say how much each point counts, none below 0.
    """

    views: Tensor
    points: Tensor
    weights: Tensor

    @property
    def count(self) -> int:
        """Views of the scene."""
        return int(self.views.max()) + 1


def found_pairs(outputs: Tensor, views: Tensor) -> ViewPairs:
    """Pairs as a model tells them, each scaled to a mean distance of 1 from its camera; weights are logarithms of confidence.

    Args:
        outputs: (E, 2, 4, H, W).
        views: (E, 2) long, the numbers of the views of each pair.
    """
    sure = confidence(outputs)
    points = normalised(read(outputs), torch.ones_like(sure, dtype=torch.bool))
    return ViewPairs(views=views, points=points.movedim(2, -1), weights=sure.log())
