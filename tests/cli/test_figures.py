"""Figures in words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.cli.figures import duration, percent, repeated, with_interval


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        ((0.953, 0.938, 0.968, "fraction"), "0.953 ± 0.015"),
        ((3.7e-4, 3.63e-4, 3.78e-4, "s"), "370 us ± 2 %"),
        ((2.5, 2.4, 2.6, "bits/byte"), "2.500 ± 0.100 bits/byte"),
        ((1000.0, 1000.0, 1000.0, ""), "1 k"),
        ((0.0, -1.0, 1.0, ""), "0"),
    ],
)
def test_a_value_stands_with_half_its_interval(figure: tuple[float, float, float, str], said: str) -> None:
    assert with_interval(*figure) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (95, "1 min 35 s"),
        (3600, "1 h"),
        (7_500, "2 h 5 min"),
        (86_400, "1 d"),
        (200_000, "2 d 7 h"),
    ],
)
def test_durations_are_said_in_their_two_largest_units(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@settings(deadline=None, max_examples=50)
@given(st.floats(0, 1e9))
def test_every_duration_can_be_said(seconds: float) -> None:
    assert duration(seconds).split()[1] in ("s", "min", "h", "d")


def test_percentages_keep_the_digits_that_matter() -> None:
    assert [percent(value) for value in (0.04, 2.31, 31.7)] == ["0.04 %", "2.3 %", "32 %"]


def test_equal_neighbours_are_counted_and_others_are_not_merged() -> None:
    assert repeated(["softmax", "linear", "linear", "softmax"]) == "softmax, linear x2, softmax"
    assert repeated([]) == ""
