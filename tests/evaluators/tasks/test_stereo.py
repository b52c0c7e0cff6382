from itertools import combinations

import pytest
import torch

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.geometry.focal import pixel_places
from paretoformer.evaluators.geometry.point_maps import read
from paretoformer.evaluators.geometry.stereo_pair import BASELINE, FOCAL, PRINCIPAL_APART
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.tasks.stereo import BANDS, HEIGHT, SHIFT, WIDTH

PLACES = pixel_places(HEIGHT, WIDTH)


@pytest.fixture(scope="module")
def crops() -> Examples:
    return open_task("stereo").examples(Split.VALIDATION)


def test_no_row_of_the_pictures_is_in_two_splits() -> None:
    rows = [{row for start, end in bands for row in range(start, end)} for bands in BANDS.values()]
    assert all(rows) and not any(one & other for one, other in combinations(rows, 2))


@pytest.mark.parametrize("view", [0, 1])
def test_points_project_to_the_pixels_that_show_them_by_the_cameras_of_the_rig(crops: Examples, view: int) -> None:
    points = read(crops.targets)[:, view].movedim(1, -1)
    shown = ~points.isnan().any(-1)
    middle = torch.tensor((view * (PRINCIPAL_APART + SHIFT), 0.0))
    camera = torch.tensor((view * BASELINE, 0.0, 0.0))
    seen = points - camera
    found = FOCAL * seen[..., :2] / seen[..., 2:] + middle
    assert shown.float().mean() > 0.8
    torch.testing.assert_close(found[shown], PLACES.expand_as(found)[shown], rtol=0, atol=0.02)


def test_depths_are_those_of_the_room(crops: Examples) -> None:
    depths = read(crops.targets)[:, :, 2]
    known = depths[~depths.isnan()]
    assert known.min() > 2.1 and known.max() < 5.1


def test_a_pixel_of_the_left_crop_has_the_colour_of_the_right_one_that_shows_its_point(crops: Examples) -> None:
    points = read(crops.targets)[:, 0]
    column = FOCAL * (points[:, 0] - BASELINE) / points[:, 2] + PRINCIPAL_APART + SHIFT + (WIDTH - 1) / 2
    inside = (column > 0) & (column < WIDTH - 1)
    place = column.nan_to_num().round().long().clamp(0, WIDTH - 1)
    assert crops.source is not None
    there = crops.source.inputs.gather(3, place[:, None].expand_as(crops.inputs))
    apart = (crops.inputs - there).abs().mean(1)[inside]
    unmoved = (crops.inputs - crops.source.inputs).abs().mean(1)[inside]
    assert apart.mean() < 0.5 * unmoved.mean()
