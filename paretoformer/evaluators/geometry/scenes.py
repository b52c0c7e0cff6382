"""Scenes that rays meet in closed form: spheres on a chequered floor."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from paretoformer.evaluators.geometry.cameras import Cameras, cameras_looking

_RADII = (0.3, 0.7)
_SPREAD = 1.6  # from the middle to where the centre of a sphere lies at most, along each axis
_DISTANCES, _HEIGHTS = (2.5, 4.5), (0.6, 1.8)


@dataclass(frozen=True, kw_only=True)
class Scenes:
    """Spheres with `centres` (B, S, 3), `radii` (B, S) and `colours` (B, S, 3), on a floor at height 0 of tiles in two
    colours, `tiles` (B, 2, 3).
    """

    centres: Tensor
    radii: Tensor
    colours: Tensor
    tiles: Tensor


def draw_scenes(rng: np.random.Generator, count: int, spheres: int) -> Scenes:
    """`count` scenes whose spheres stand on the floor around its middle."""
    radii = rng.uniform(*_RADII, (count, spheres))
    centres = np.concatenate((rng.uniform(-_SPREAD, _SPREAD, (count, spheres, 2)), radii[..., None]), -1)
    return Scenes(
        centres=torch.from_numpy(centres).float(),
        radii=torch.from_numpy(radii).float(),
        colours=torch.from_numpy(rng.uniform(0.1, 1, (count, spheres, 3))).float(),
        tiles=torch.from_numpy(rng.uniform(0, 1, (count, 2, 3))).float(),
    )


def draw_views(rng: np.random.Generator, count: int, turn: float, views: int = 2) -> list[Cameras]:
    """Cameras on circles around the middle, which they look at; those after the first are turned by up to `turn` radians.

    Distance and height are drawn for each camera.
    """
    first = rng.uniform(0, 2 * math.pi, count)
    return [_around(rng, first if view == 0 else first + rng.uniform(-turn, turn, count)) for view in range(views)]


def _around(rng: np.random.Generator, angle: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Cameras:
    distance, height = rng.uniform(*_DISTANCES, len(angle)), rng.uniform(*_HEIGHTS, len(angle))
    position = np.stack((distance * np.cos(angle), distance * np.sin(angle), height), -1)
    target = np.array((0.0, 0.0, 0.4))
    return cameras_looking(torch.from_numpy(position).float(), torch.from_numpy(target).float())
