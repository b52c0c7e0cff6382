"""Figures in words."""

import doctest

import pytest

from paretoformer.cli import figures
from paretoformer.cli.figures import duration, with_interval


def test_the_examples_hold() -> None:
    found = doctest.testmod(figures)
    assert found.attempted >= 4
    assert found.failed == 0


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (59.6, "1 min"), (3_599, "59 min 59 s"), (3_600, "1 h"), (86_400, "1 d")],
)
def test_a_duration_has_at_most_two_units(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("value", "low", "high", "unit", "said"),
    [
        (1000, 1000, 1000, "", "1 k"),
        (2.5, 2.4, 2.6, "bits/byte", "2.500 ± 0.100 bits/byte"),
        (2e6, 1.9e6, 2.1e6, "B", "2 MB ± 5 %"),
        (0.0, -1e-9, 1e-9, "J", "0 nJ"),
    ],
)
def test_uncertainty_is_told_in_the_unit_of_scores_and_in_per_cent_of_costs(
    value: float, low: float, high: float, unit: str, said: str
) -> None:
    assert with_interval(value, low, high, unit) == said
