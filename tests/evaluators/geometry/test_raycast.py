import math

import numpy as np
import pytest
import torch

from paretoformer.evaluators.geometry.cameras import Cameras, pixel_rays
from paretoformer.evaluators.geometry.raycast import FARTHEST, look
from paretoformer.evaluators.geometry.scenes import draw_scenes, draw_views

SIZE = 16


@pytest.fixture(scope="module")
def scenes():
    return draw_scenes(np.random.default_rng(0), 20, 3)


@pytest.fixture(scope="module")
def cameras():
    return draw_views(np.random.default_rng(1), 20, 0.7)[1]


def test_every_point_lies_on_the_floor_or_on_a_sphere_and_in_none(scenes, cameras) -> None:
    points = look(scenes, cameras, SIZE).points.double()
    away = (points[..., None, :] - scenes.centres[:, None, None].double()).norm(dim=-1) - scenes.radii[:, None, None]
    shown = ~points.isnan().any(-1)
    nearest = torch.minimum(points[..., 2].abs(), away.abs().amin(-1))
    assert shown.any() and not shown.all()
    assert nearest[shown].max() < 1e-4 and away[shown].min() > -1e-4


def test_a_pixel_shows_the_point_that_projects_to_its_middle(scenes, cameras) -> None:
    seen = cameras.seen(look(scenes, cameras, SIZE).points)
    shown = ~seen.isnan().any(-1)
    torch.testing.assert_close(
        (seen / seen[..., 2:])[shown], pixel_rays(SIZE).expand_as(seen)[shown], rtol=0, atol=1e-4
    )
    assert (seen[shown][:, 2] <= FARTHEST + 1e-4).all()


def test_marching_along_a_ray_meets_nothing_before_its_point(scenes, cameras) -> None:
    points = look(scenes, cameras, SIZE).points
    start = cameras.position[:, None, None].expand_as(points)
    for share in torch.linspace(0.02, 0.98, 40):
        on_way = start + share * (points - start)
        away = (on_way[..., None, :] - scenes.centres[:, None, None]).norm(dim=-1) - scenes.radii[:, None, None]
        shown = ~points.isnan().any(-1)
        assert away[shown].min() > -1e-4 and on_way[..., 2][shown].min() > 0


def test_a_rigid_motion_of_the_world_leaves_what_a_camera_sees(scenes, cameras) -> None:
    points = look(scenes, cameras, SIZE).points
    turn, shift = torch.tensor(((math.cos(1), -math.sin(1), 0), (math.sin(1), math.cos(1), 0), (0, 0, 1.0))), 3.0
    moved = Cameras(rotation=cameras.rotation @ turn.T, position=cameras.position @ turn.T + shift)
    torch.testing.assert_close(
        moved.seen(points @ turn.T + shift), cameras.seen(points), rtol=0, atol=1e-4, equal_nan=True
    )


def test_cameras_are_rotations(cameras) -> None:
    products = cameras.rotation @ cameras.rotation.mT
    torch.testing.assert_close(products, torch.eye(3).expand_as(products), rtol=0, atol=1e-5)
    assert (torch.linalg.det(cameras.rotation) > 0).all()
