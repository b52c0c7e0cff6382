import numpy as np
import pytest
import torch

from paretoformer.evaluators.geometry.cameras import pixel_rays
from paretoformer.evaluators.geometry.focal import focal_length, pixel_places
from paretoformer.evaluators.geometry.raycast import look
from paretoformer.evaluators.geometry.scenes import draw_scenes, draw_views


def maps(focal: float) -> torch.Tensor:
    depth = torch.empty(8, 12, 12, 1, dtype=torch.float64).uniform_(0.5, 5, generator=torch.Generator().manual_seed(0))
    return depth * pixel_rays(12, focal).double()


@pytest.mark.parametrize("focal", [3.0, 12.0, 200.0])
def test_exact_maps_tell_the_focal_length_exactly(focal: float) -> None:
    torch.testing.assert_close(focal_length(maps(focal)), torch.full((8,), focal).double(), rtol=1e-6, atol=0)


def test_pictures_of_scenes_tell_it_too_though_sky_shows_no_point() -> None:
    scenes, cameras = draw_scenes(np.random.default_rng(0), 6, 3), draw_views(np.random.default_rng(1), 6, 0.7)[0]
    points = cameras.seen(look(scenes, cameras, 16).points)
    assert points.isnan().any()
    torch.testing.assert_close(focal_length(points), torch.full((6,), 16.0), rtol=1e-3, atol=0)


def test_a_fifth_of_the_points_anywhere_moves_it_less_than_a_fit_of_squares() -> None:
    points, generator = maps(12.0), torch.Generator().manual_seed(1)
    wild = torch.rand(points.shape[:-1], generator=generator) < 0.2
    points[wild] = torch.randn(int(wild.sum()), 3, dtype=torch.float64, generator=generator) + torch.tensor((0, 0, 3.0))
    found = focal_length(points)
    ahead = points[..., 2:] > 0
    seen = (points[..., :2] / points[..., 2:]).where(ahead, 0.0)
    squares = (pixel_places(12, 12) * seen).sum((1, 2, 3)) / seen.square().sum((1, 2, 3))
    assert (found / 12 - 1).abs().mean() < 0.1 * (squares / 12 - 1).abs().mean()


def test_what_weighs_nothing_is_not_read() -> None:
    points = maps(12.0)
    points[:, :3] = torch.tensor((5.0, -4.0, 1.0))
    weights = torch.ones(8, 12, 12)
    weights[:, :3] = 0
    torch.testing.assert_close(focal_length(points, weights), torch.full((8,), 12.0).double(), rtol=1e-6, atol=0)


def test_the_scale_of_a_map_does_not_matter() -> None:
    points = maps(9.0)
    torch.testing.assert_close(focal_length(7 * points), focal_length(points))
