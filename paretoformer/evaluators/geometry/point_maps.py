"""Maps of points as models give them, and how far two are apart whatever their scale.

A model gives four numbers a pixel of both views, (B, 2, 4, H, W): a point in the camera of the first view, and how sure it is.
The point is written with its distance r as log(1 + r), in targets too, so that a perfect answer is the target.
Source: paper 12, section 3.2, whose points are exp(r) - 1 away where a head gives r.
"""

from typing import Literal

import torch
from torch import Tensor

Scale = Literal["normalised", "metric"]
"""Whether each map is divided by the mean distance of its points, as where nothing tells a scale, or taken as it is."""

CHANNELS = 4
"""Numbers a pixel: three of a point, one of confidence."""

_FARTHEST = 10.0  # a written distance; exp of more says nothing
_SUREST = 7.0  # the largest number that is told apart as confidence


def written(points: Tensor) -> Tensor:
    """Points (..., 3, H, W) as a model gives them; nan stays."""
    distance = torch.linalg.vector_norm(points, dim=-3, keepdim=True)
    return points * (distance.log1p() / distance).where(distance > 0, 1.0)


def read(outputs: Tensor) -> Tensor:
    """The points, (..., 3, H, W), of what a model or `written` gave, (..., 3 or more, H, W)."""
    given = outputs[..., :3, :, :]
    distance = torch.linalg.vector_norm(given, dim=-3, keepdim=True)
    apart = distance.clamp(1e-6, _FARTHEST)
    return given * (apart.expm1() / distance.clamp_min(1e-6))


def confidence(outputs: Tensor) -> Tensor:
    """How sure a model is of each point, above 1: (..., 4, H, W) -> (..., H, W)."""
    return 1 + outputs[..., 3, :, :].clamp(-_SUREST, _SUREST).exp()


def normalised(points: Tensor, asked: Tensor) -> Tensor:
    """Points (B, 2, 3, H, W) over the mean distance of those that are asked in either view, asked being (B, 2, H, W)."""
    distance = torch.linalg.vector_norm(points, dim=2).where(asked, 0.0)
    mean = distance.sum((1, 2, 3)) / asked.sum((1, 2, 3)).clamp_min(1)
    return points / mean.clamp_min(1e-6)[:, None, None, None, None]


def point_errors(outputs: Tensor, targets: Tensor, scale: Scale = "normalised") -> tuple[Tensor, Tensor]:
    """Distances between points of two maps, 0 where none is asked.

    Args:
        outputs: (B, 2, 3 or more, H, W).
        targets: (B, 2, 3, H, W), as `written`, nan where nothing is asked.
        scale: what is done to both maps before.

    Returns:
        Errors (B, 2, H, W), where normalised 1 being the mean distance of the points from the first camera, and whether each
        is asked.
    """
    asked = ~targets.isnan().any(2)
    wanted, found = read(targets.nan_to_num()), read(outputs)
    if scale == "normalised":
        wanted, found = normalised(wanted, asked), normalised(found, asked)
    apart = found - wanted
    return torch.linalg.vector_norm(apart, dim=2).where(asked, 0.0), asked
