"""The points that two pictures of a generated scene show."""

from dataclasses import dataclass

import numpy as np
import torch

from paretoformer.evaluators.drawn.limits import check_range
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.geometry.point_maps import written
from paretoformer.evaluators.geometry.raycast import look
from paretoformer.evaluators.geometry.scenes import draw_scenes, draw_views
from paretoformer.evaluators.geometry.task import TwoViewsTask, two_views
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.splits import content_key
from paretoformer.evaluators.task import About
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature
from paretoformer.search_spaces.contract import Source

_COUNTS = {Split.TRAIN: 4_000, Split.VALIDATION: 500, Split.TEST: 500}
_SEED = 20_231_214
_PATCH = 4


@dataclass(frozen=True, kw_only=True)
class PointMapOptions:
    """Side of a picture in pixels, spheres in a scene, and by how many radians the second camera is turned at most."""

    size: int = 16
    spheres: int = 3
    turn: float = 0.7

    def __post_init__(self) -> None:
        check_range("size", self.size, 8, 48)
        check_range("number of spheres", self.spheres, 1, 8)
        check_range("turn", self.turn, 0, 3.2)
        if self.size % _PATCH:
            raise UserError(f"The size is {self.size}; it must be a multiple of {_PATCH}, as patches are.")


@register_task("pointmap")
class PointMaps(TwoViewsTask):
    """Spheres on a chequered floor, seen by two cameras that are not told; the points are exact, as rays meet both in closed form.

    Floor beyond depth 8 and sky are not asked. Which way and how far the second camera is turned has to be read from
    both pictures together.
    """

    Options = PointMapOptions
    about: About = About(
        title="two pictures of a scene, 16 x 16 in colour: the point that each pixel shows",
        data="generated: spheres on a chequered floor, pinhole cameras",
        licence="none: generated",
        baseline="point-error 0.226 on validation by ridge regression from the pixels of both, 0.273 by the mean map",
        papers=(12,),
    )
    signature: Signature = two_views(3, PointMapOptions().size, PointMapOptions().size)
    recipe: Recipe = Recipe(criterion="pointmap", batch=32, learning_rate=4e-3, budget=49_152)

    def __init__(self, options: PointMapOptions | None = None) -> None:
        chosen = options or PointMapOptions()
        self.signature = two_views(3, chosen.size, chosen.size)
        splits = {
            split: _pairs(np.random.default_rng((_SEED, place)), count, chosen)
            for place, (split, count) in enumerate(_COUNTS.items())
        }
        super().__init__(splits, data_hash=content_key(f"1 {_SEED} {_COUNTS} {chosen}".encode()))


def _pairs(rng: np.random.Generator, count: int, options: PointMapOptions) -> Examples:
    scenes = draw_scenes(rng, count, options.spheres)
    cameras = draw_views(rng, count, options.turn)
    one, other = (look(scenes, camera, options.size) for camera in cameras)
    points = torch.stack([cameras[0].seen(view.points) for view in (one, other)], 1)  # (B, 2, H, W, 3)
    return Examples(inputs=one.images, source=Source(other.images), targets=written(points.movedim(-1, 2)))
