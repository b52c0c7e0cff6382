"""How long the lens of a camera is, by the points that its pixels show."""

import torch
from torch import Tensor

STEPS = 10
"""Times that the weights are made anew, as paper 12 does."""


def pixel_places(height: int, width: int) -> Tensor:
    """Columns and rows of pixels from the middle of the picture, (H, W, 2)."""
    down, right = torch.meshgrid(
        torch.arange(height) - (height - 1) / 2, torch.arange(width) - (width - 1) / 2, indexing="ij"
    )
    return torch.stack((right, down), -1)


def focal_length(points: Tensor, weights: Tensor | None = None) -> Tensor:
    """The focal length in pixels that brings points nearest to the pixels that show them, a sum of distances, not of squares.

    By Weiszfeld's steps: squares, weighed by one over the distance that was left. Points that are nan or not ahead of the camera
    are left out.

    Args:
        points: (..., H, W, 3) in their camera, whose principal point is the middle of the picture.
        weights: (..., H, W), 1 unless given.

    Returns:
        (...), nan where no point is ahead.
    """
    places = pixel_places(*points.shape[-3:-1]).to(points)
    ahead = points[..., 2] > 1e-6
    seen = (points[..., :2] / points[..., 2:]).where(ahead[..., None], 0.0)
    given = ahead.to(points) if weights is None else weights.where(ahead, 0.0)
    along, square = (places * seen).sum(-1), seen.square().sum(-1)
    focal = (given * along).sum((-2, -1)) / (given * square).sum((-2, -1))
    for _ in range(STEPS):
        left = torch.linalg.vector_norm(places - focal[..., None, None, None] * seen, dim=-1)
        weighed = given / left.clamp_min(1e-6)
        focal = (weighed * along).sum((-2, -1)) / (weighed * square).sum((-2, -1))
    return focal
