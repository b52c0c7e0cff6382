"""Pictures of scenes and the exact point that each pixel shows."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from paretoformer.evaluators.geometry.cameras import Cameras
from paretoformer.evaluators.geometry.scenes import Scenes

FARTHEST = 8.0
"""The greatest depth of a point that is asked."""

_SKY = (0.55, 0.7, 0.9)
_LIGHT = (0.4, 0.3, 0.866)
_AMBIENT = 0.3


@dataclass(frozen=True, kw_only=True)
class View:
    """`images` (B, 3, H, W) from 0 to 1, and `points` (B, H, W, 3) of the world, nan where a pixel shows none."""

    images: Tensor
    points: Tensor


def look(scenes: Scenes, cameras: Cameras, size: int) -> View:
    """What square pictures of `size` pixels show; their focal length is as many pixels."""
    rays, position = cameras.rays(size), cameras.position
    spheres, hit = _sphere_depths(scenes, rays, position).min(-1)  # (B, H, W)
    floor = _floor_depths(rays, position)
    depth = torch.minimum(spheres, floor)
    points = position[:, None, None] + depth[..., None] * rays
    colours = torch.where((spheres < floor)[..., None], _spheres_lit(scenes, points, hit), _tiles_lit(scenes, points))
    shown = torch.where(depth.isfinite()[..., None], colours, torch.tensor(_SKY))
    return View(
        images=(shown.clamp(0, 1) * 255).round().movedim(-1, 1).contiguous() / 255,
        points=points.where((depth <= FARTHEST)[..., None], torch.nan),
    )


def _floor_depths(rays: Tensor, position: Tensor) -> Tensor:
    """Where rays meet height 0, infinite where they never do: (B, H, W)."""
    falls = rays[..., 2]
    return torch.where(falls < 0, -position[:, None, None, 2] / falls, math.inf)


def _sphere_depths(scenes: Scenes, rays: Tensor, position: Tensor) -> Tensor:
    """Where rays first meet each sphere, infinite where they never do: (B, H, W, S)."""
    to_centre = scenes.centres - position[:, None]  # (B, S, 3)
    square = rays.square().sum(-1, keepdim=True)
    ahead = torch.einsum("bhwc,bsc->bhws", rays, to_centre) / square
    beside = to_centre.square().sum(-1)[:, None, None] - ahead.square() * square  # squared distance of the ray
    half = (scenes.radii.square()[:, None, None] - beside) / square
    depth = ahead - half.clamp_min(0).sqrt()
    return torch.where((half > 0) & (depth > 0), depth, math.inf)


def _spheres_lit(scenes: Scenes, points: Tensor, hit: Tensor) -> Tensor:
    batch = torch.arange(len(hit))[:, None, None]
    normals = normalize(points - scenes.centres[batch, hit], dim=-1)
    light = (normals @ torch.tensor(_LIGHT)).clamp_min(0)
    return scenes.colours[batch, hit] * (_AMBIENT + (1 - _AMBIENT) * light)[..., None]


def _tiles_lit(scenes: Scenes, points: Tensor) -> Tensor:
    tile = points[..., :2].nan_to_num(posinf=0, neginf=0).floor().sum(-1).long() % 2
    return scenes.tiles[torch.arange(len(points))[:, None, None], tile] * (_AMBIENT + (1 - _AMBIENT) * _LIGHT[2])
