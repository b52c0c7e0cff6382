"""Where the cameras of a scene stand, what they see, and how far that is from what pairs of views tell."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from paretoformer.evaluators.geometry.cameras import Cameras
from paretoformer.evaluators.geometry.focal import pixel_places
from paretoformer.evaluators.geometry.similarity import Similarity
from paretoformer.evaluators.geometry.view_pairs import ViewPairs

SMOOTH = 1e-5
"""Distances far below this, in mean distances of points, cost their square, so that a perfect layout has no slope."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """V `cameras` with `focal` (V,) in pixels, the `depth` (V, H, W) that each pixel shows, and for E pairs of views the
    similarity that moves what they tell `into_world`.
    """

    cameras: Cameras
    focal: Tensor
    depth: Tensor
    into_world: Similarity

    def points(self) -> Tensor:
        """What pixels show, in the world: (V, H, W, 3)."""
        places = pixel_places(*self.depth.shape[1:]).to(self.depth) / self.focal[:, None, None, None]
        ahead = torch.cat((places, torch.ones_like(places[..., :1])), -1)
        seen = (self.depth[..., None] * ahead).flatten(1, 2)
        return (seen @ self.cameras.rotation + self.cameras.position[:, None]).unflatten(1, self.depth.shape[1:])

    def rescaled(self) -> "Layout":
        """The same in a world so measured that the product of the pairs' scales is 1: there energies can be compared."""
        into = self.into_world
        size = into.scale.log().mean().exp()
        return Layout(
            cameras=replace(self.cameras, position=self.cameras.position / size),
            focal=self.focal,
            depth=self.depth / size,
            into_world=replace(into, scale=into.scale / size, shift=into.shift / size),
        )


def energy(layout: Layout, pairs: ViewPairs) -> Tensor:
    """The mean distance, weighed, of points from where the pairs tell them, over all pairs and both their views.

    It grows with the world, so that energies compare only of worlds in one scale (`Layout.rescaled`).
    Source: paper 12, equation 5, over the sum of the weights; nothing is projected.
    """
    told = layout.into_world.moved(pairs.points.flatten(1, 3)).unflatten(1, pairs.points.shape[1:4])
    apart = (layout.points()[pairs.views] - told).square().sum(-1)  # (E, 2, H, W)
    distance = (apart + SMOOTH**2).sqrt() - SMOOTH
    return (pairs.weights * distance).sum() / pairs.weights.sum()
