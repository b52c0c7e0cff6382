from itertools import permutations

import numpy as np
import pytest
import torch

from paretoformer.evaluators.geometry.alignment import aligned
from paretoformer.evaluators.geometry.cameras import Cameras
from paretoformer.evaluators.geometry.chaining import chained, joining_pairs
from paretoformer.evaluators.geometry.layout import Layout, energy
from paretoformer.evaluators.geometry.raycast import FARTHEST, look
from paretoformer.evaluators.geometry.scenes import draw_scenes, draw_views
from paretoformer.evaluators.geometry.similarity import Similarity, best_similarity
from paretoformer.evaluators.geometry.view_pairs import ViewPairs

SIZE, VIEWS = 12, 4
PAIRS = torch.tensor(list(permutations(range(VIEWS), 2)))


@pytest.fixture(scope="module", params=range(3))
def scene(request: pytest.FixtureRequest) -> Layout:
    """Four cameras and what they see, in double precision; sky is at depth 1, and weighs nothing below."""
    rng = np.random.default_rng(request.param)
    scenes = draw_scenes(rng, 1, 3)
    views = draw_views(rng, 1, 0.6, VIEWS)
    depths = [camera.seen(look(scenes, camera, SIZE).points)[0, ..., 2] for camera in views]
    left, _, right = torch.linalg.svd(torch.cat([camera.rotation for camera in views]).double())
    cameras = Cameras(
        rotation=left @ right,  # as exact as double precision is
        position=torch.cat([camera.position for camera in views]).double(),
    )
    scale = torch.from_numpy(rng.uniform(0.5, 2, len(PAIRS)))
    scale = scale / scale.log().mean().exp()
    first = PAIRS[:, 0]
    return Layout(
        cameras=cameras,
        focal=torch.full((VIEWS,), float(SIZE)).double(),
        depth=torch.stack(depths).double().nan_to_num(1.0),
        into_world=Similarity(scale=scale, rotation=cameras.rotation[first].mT, shift=cameras.position[first]),
    )


def told(scene: Layout, noise: float = 0.0) -> ViewPairs:
    """What pairs of its views say; noise is a share of the mean depth, and half as much again turns the second map."""
    generator = torch.Generator().manual_seed(0)
    points, into = scene.points()[PAIRS], scene.into_world
    own = (points.flatten(1, 3) - into.shift[:, None]) @ into.rotation / into.scale[:, None, None]
    own = own.unflatten(1, points.shape[1:4])
    size = noise * 3 / into.scale[:, None, None, None, None]
    own = own + size * torch.randn(own.shape, dtype=own.dtype, generator=generator)
    common = torch.randn(len(PAIRS), 1, 1, 1, 3, dtype=own.dtype, generator=generator)
    own = torch.cat((own[:, :1], own[:, 1:] + size * common), 1)
    weights = (scene.depth != 1).double()[PAIRS]
    return ViewPairs(views=PAIRS, points=own, weights=weights)


def error(found: Layout, true: Layout) -> float:
    """Mean distance of points that are shown, after the best similarity."""
    shown = (true.depth != 1).flatten()
    here, there = found.points().reshape(-1, 3)[shown], true.points().reshape(-1, 3)[shown]
    moved = best_similarity(here, there, torch.ones(len(here))).moved(here)
    return float((moved - there).norm(dim=-1).mean())


def test_exact_maps_and_known_cameras_have_no_energy_and_no_slope(scene: Layout) -> None:
    pairs = told(scene)
    outer = (scene.cameras.rotation, scene.cameras.position, scene.focal, scene.depth)
    leaves = [part.clone().requires_grad_() for part in outer]
    inner = [part.clone().requires_grad_() for part in vars(scene.into_world).values()]
    layout = Layout(
        cameras=Cameras(rotation=leaves[0], position=leaves[1]),
        focal=leaves[2],
        depth=leaves[3],
        into_world=Similarity(scale=inner[0], rotation=inner[1], shift=inner[2]),
    )
    found = energy(layout, pairs)
    found.backward()
    assert abs(float(found.detach())) < 1e-9
    for part in (*leaves, *inner):
        assert part.grad is not None and part.grad.abs().max() < 1e-6


def test_a_layout_that_is_off_has_energy_and_a_slope(scene: Layout) -> None:
    depth = (1.1 * scene.depth).requires_grad_()
    off = Layout(cameras=scene.cameras, focal=scene.focal, depth=depth, into_world=scene.into_world)
    energy(off, told(scene)).backward()
    assert depth.grad is not None and depth.grad.abs().max() > 1e-4


def test_exact_maps_are_chained_to_the_scene_itself(scene: Layout) -> None:
    pairs = told(scene)
    found = chained(pairs)
    assert error(found, scene) < 1e-5
    assert float(energy(found, pairs)) < 1e-5
    torch.testing.assert_close(found.focal, scene.focal, rtol=1e-4, atol=0)


def test_aligning_noisy_pairs_comes_nearer_to_the_scene_than_chaining_them(scene: Layout) -> None:
    pairs = told(scene, noise=0.05)
    start, end = chained(pairs), aligned(pairs, steps=150)
    assert float(energy(end, pairs)) < float(energy(start, pairs))
    assert error(end, scene) < 0.9 * error(start, scene)


def test_aligning_exact_maps_leaves_no_energy_where_chaining_left_none(scene: Layout) -> None:
    pairs = told(scene)
    start, end = chained(pairs), aligned(pairs, steps=20)
    assert float(energy(end, pairs)) <= float(energy(start, pairs)) < 1e-9


@pytest.mark.parametrize("rate", [0.01, 1.0, 100.0])
def test_steps_of_any_length_end_with_no_more_energy_than_they_start_from(scene: Layout, rate: float) -> None:
    pairs = told(scene, noise=0.05)
    assert float(energy(aligned(pairs, steps=10, rate=rate), pairs)) <= float(energy(chained(pairs), pairs))


def test_more_steps_that_lead_astray_change_nothing(scene: Layout) -> None:
    pairs = told(scene, noise=0.05)
    torch.testing.assert_close(aligned(pairs, steps=1, rate=1e3).points(), chained(pairs).points(), rtol=0, atol=0)


def test_the_scales_of_pairs_have_the_product_one_before_and_after_aligning(scene: Layout) -> None:
    pairs = told(scene, noise=0.05)
    for layout in (chained(pairs), aligned(pairs, steps=20)):
        into = layout.into_world
        assert abs(float(into.scale.log().sum())) < 1e-9
        identity = torch.eye(3).double().expand_as(into.rotation)
        torch.testing.assert_close(into.rotation @ into.rotation.mT, identity)


def test_a_world_in_another_scale_is_the_same_layout_and_its_energy_alone_is_smaller(scene: Layout) -> None:
    pairs = told(scene, noise=0.05)
    whole = chained(pairs)
    into = whole.into_world
    half = Layout(
        cameras=Cameras(rotation=whole.cameras.rotation, position=whole.cameras.position / 2),
        focal=whole.focal,
        depth=whole.depth / 2,
        into_world=Similarity(scale=into.scale / 2, rotation=into.rotation, shift=into.shift / 2),
    )
    torch.testing.assert_close(energy(half, pairs), energy(whole, pairs) / 2, rtol=1e-4, atol=0)
    torch.testing.assert_close(half.rescaled().points(), whole.points())
    torch.testing.assert_close(energy(half.rescaled(), pairs), energy(whole, pairs))


def joined(views: list[tuple[int, int]], scores: list[float]) -> list[int]:
    return list(joining_pairs(torch.tensor(views), torch.tensor(scores)))


def test_views_are_joined_by_the_tree_of_the_largest_sum_from_its_surest_pair_on() -> None:
    views = [(0, 1), (1, 2), (0, 2), (2, 3), (0, 3)]
    assert joined(views, [1.0, 5.0, 4.0, 2.0, 3.0]) == [1, 2, 4]


def test_of_two_orders_of_a_pair_the_surer_is_taken() -> None:
    assert joined([(0, 1), (1, 0), (1, 2), (2, 1)], [1.0, 2.0, 4.0, 3.0]) == [2, 1]


def test_a_pair_that_is_unsure_and_wrong_does_not_move_the_chain(scene: Layout) -> None:
    pairs = told(scene)
    points, weights = pairs.points.clone(), pairs.weights.clone()
    points[0] += torch.randn(points[0].shape, generator=torch.Generator().manual_seed(1))
    weights[0] *= 0.01
    found = chained(ViewPairs(views=PAIRS, points=points, weights=weights))
    assert error(found, scene) < 1e-5


def test_scenes_have_points_to_join(scene: Layout) -> None:
    assert ((scene.depth != 1).flatten(1).float().mean(1) > 0.3).all()
    assert float(scene.depth.max()) <= FARTHEST + 1e-3
