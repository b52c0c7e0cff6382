import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.geometry.stereo_pair import moved_right, read_stereo_pair
from paretoformer.records.errors import UserError

NONE = np.float32(np.nan)


def test_the_nearer_of_two_things_that_meet_is_shown() -> None:
    left = np.array([[NONE, 1, 2, 3, NONE, 1]], np.float32)
    np.testing.assert_array_equal(moved_right(left), [[3, NONE, NONE, NONE, 1, NONE]])


def test_what_moves_out_of_the_picture_is_not_shown() -> None:
    assert np.isnan(moved_right(np.full((2, 3), 3, np.float32))).all()


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 999))
def test_every_disparity_of_the_right_picture_leads_back_to_a_pixel_that_has_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    left = rng.integers(0, 5, (6, 12)).astype(np.float32)
    left[rng.random(left.shape) < 0.2] = np.nan
    right = moved_right(left)
    rows, columns = np.nonzero(~np.isnan(right))
    found = right[rows, columns]
    np.testing.assert_array_equal(left[rows, columns + found.astype(int)], found)
    assert len(rows) > 0


def test_both_pictures_have_like_colours_where_disparity_says_they_show_the_same() -> None:
    pair = read_stereo_pair()
    for view, way in enumerate((-1, 1)):
        rows, columns = np.nonzero(~np.isnan(pair.disparity[view]))
        there = columns + way * np.rint(pair.disparity[view][rows, columns]).astype(int)
        inside = (there >= 0) & (there < pair.images.shape[-1])
        rows, columns, there = rows[inside], columns[inside], there[inside]
        here, other = pair.images[view][:, rows, columns], pair.images[1 - view]
        apart = np.abs(here - other[:, rows, there]).mean()
        assert apart < 0.4 * np.abs(here - other[:, rows, columns]).mean()


def test_without_scikit_image_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage.data", None)
    with pytest.raises(UserError, match=r"'stereo' reads pictures of scikit-image; run pip install"):
        read_stereo_pair()
