import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.scoring import BINS, score


def coin(n: int, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).random(n) < 0.7).astype(float)


@settings(deadline=None, max_examples=25)
@given(n=st.integers(1, 60), seed=st.integers(0, 9))
def test_the_value_is_the_weighted_mean_and_lies_in_its_interval(n: int, seed: int) -> None:
    values, weights = np.random.default_rng(seed).random((2, n))
    found = score(values, weights)
    assert found.value == pytest.approx(values.sum() / weights.sum()) and found.low <= found.value <= found.high


@pytest.mark.parametrize("n", [500, 2 * BINS + 37])
def test_the_interval_of_a_share_is_as_wide_as_theory_says(n: int) -> None:
    values = coin(n)
    found = score(values, np.ones(n))
    width = 2 * 1.96 * np.sqrt(found.value * (1 - found.value) / n)
    assert found.high - found.low == pytest.approx(width, rel=0.1)


def test_the_interval_covers_the_truth_about_19_times_in_20() -> None:
    found = [score(coin(200, seed), np.ones(200)) for seed in range(200)]
    assert 0.90 <= np.mean([one.low <= 0.7 <= one.high for one in found]) <= 0.99


def test_heavy_examples_widen_the_interval() -> None:
    values = coin(400)
    weights = np.where(np.arange(400) % 20 == 0, 100.0, 1.0)
    even, uneven = score(values, np.ones(400)), score(values * weights, weights)
    assert uneven.high - uneven.low > 2 * (even.high - even.low)


def test_equal_parts_give_an_equal_interval() -> None:
    assert score(coin(300), np.ones(300)) == score(coin(300), np.ones(300))


def test_copies_narrow_no_interval() -> None:
    values = coin(100)
    once, copied = score(values, np.ones(100)), np.repeat(values, 9)
    assert score(copied, np.ones(900), np.repeat(np.arange(100), 9)) == once
    assert score(copied, np.ones(900)).high < once.high


def test_groups_may_stand_anywhere_and_bear_any_number() -> None:
    values, order = coin(300), np.random.default_rng(1).permutation(300)
    groups = np.arange(300) // 10
    there, found = score(values, np.ones(300), groups), score(values[order], np.ones(300), 7 - groups[order])
    assert (found.low, found.high) == pytest.approx((there.low, there.high), abs=0.03)


@pytest.mark.parametrize("n", [1, 30, 3 * BINS])
@pytest.mark.parametrize("right", [0.0, 1.0])
def test_a_fraction_without_spread_has_the_interval_of_wilson(n: int, right: float) -> None:
    found, far = score(np.full(n, right), np.ones(n), fraction=True), 3.8415 / (n + 3.8415)
    expected = (right, right, far) if right == 0 else (right, 1 - far, right)
    assert (found.value, found.low, found.high) == pytest.approx(expected, abs=1e-5)


def test_what_was_not_asked_does_not_narrow_the_interval_of_wilson() -> None:
    asked = np.arange(50) < 5
    assert score(asked * 1.0, asked * 1.0, fraction=True) == score(np.ones(5), np.ones(5), fraction=True)


@pytest.mark.parametrize(("value", "half"), [(3.1, 0.31), (0.0, 0.1), (-20.0, 2.0)])
def test_another_score_without_spread_has_the_interval_of_one_more_example(value: float, half: float) -> None:
    found = score(np.full(9, value), np.ones(9))
    assert (found.low, found.high) == pytest.approx((value - half, value + half))


def test_one_group_has_no_spread() -> None:
    found = score(coin(50), np.ones(50), np.zeros(50, int), fraction=True)
    assert found.high - found.low > 0.5


def test_nothing_asked_is_refused() -> None:
    with pytest.raises(AssertionError):
        score(np.zeros(3), np.zeros(3))
