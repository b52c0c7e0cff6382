import pytest
import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.geometry.cameras import pixel_rays
from paretoformer.evaluators.geometry.point_maps import read
from paretoformer.evaluators.open_task import open_task
from paretoformer.records.errors import UserError


def test_points_of_the_first_view_lie_on_the_rays_of_its_pixels() -> None:
    points = read(open_task("pointmap").examples(Split.TEST).targets)[:, 0].movedim(1, -1)
    shown = ~points.isnan().any(-1)
    rays = pixel_rays(16).expand_as(points)
    torch.testing.assert_close((points / points[..., 2:])[shown], rays[shown], rtol=0, atol=1e-3)


def test_without_a_turn_and_with_one_height_two_views_still_differ() -> None:
    examples = open_task("pointmap:turn=0").examples(Split.TEST)
    assert (examples.inputs != examples.source.inputs).flatten(1).any(1).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pointmap:size=18", "size is 18; it must be a multiple of 4"),
        ("pointmap:size=64", "size is 64; it must be from 8 to 48"),
        ("pointmap:spheres=0", "number of spheres is 0; it must be from 1 to 8"),
        ("pointmap:turn=4", "turn is 4.0; it must be from 0 to 3.2"),
    ],
)
def test_options_that_make_no_scene_are_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        open_task(text)
