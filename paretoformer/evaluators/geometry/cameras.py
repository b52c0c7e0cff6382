"""Pinhole cameras, whose principal point is the middle of the picture."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize


@dataclass(frozen=True, kw_only=True)
class Cameras:
    """`rotation` (B, 3, 3) and `position` (B, 3): a point p of the world is rotation (p - position) to the camera.

    A camera's axes point right, down and ahead.
    """

    rotation: Tensor
    position: Tensor

    def seen(self, points: Tensor) -> Tensor:
        """Points of the world, (B, ..., 3), as the cameras have them, (B, ..., 3)."""
        flat = points.flatten(1, -2) - self.position[:, None]
        return (flat @ self.rotation.mT).unflatten(1, points.shape[1:-1])

    def rays(self, size: int) -> Tensor:
        """Directions in the world, (B, size, size, 3), one depth long: position + depth * ray is what a pixel shows."""
        return torch.einsum("bji,hwj->bhwi", self.rotation, pixel_rays(size))


def cameras_looking(position: Tensor, target: Tensor) -> Cameras:
    """Upright cameras at `position` that look at `target`, each (B, 3); the world's third axis points up."""
    ahead = normalize(target - position, dim=-1)
    right = normalize(torch.linalg.cross(ahead, torch.tensor((0.0, 0.0, 1.0)).expand_as(ahead)), dim=-1)
    down = torch.linalg.cross(ahead, right)
    return Cameras(rotation=torch.stack((right, down, ahead), 1), position=position)


def pixel_rays(size: int, focal: float | None = None) -> Tensor:
    """Directions of pixels to their camera, (size, size, 3), the third number 1; `focal` in pixels, `size` unless given."""
    across = (torch.arange(size) - (size - 1) / 2) / (focal or size)
    down, right = torch.meshgrid(across, across, indexing="ij")
    return torch.stack((right, down, torch.ones_like(right)), -1)
