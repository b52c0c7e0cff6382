import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.scoring import BINS, Estimate, score


def of_ratio(values, weights, groups=None, *, fraction: bool = False) -> Estimate:
    return score(np.stack((values, weights), 1), groups=groups, fraction=fraction)


def coin(n: int, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).random(n) < 0.7).astype(float)


@settings(deadline=None, max_examples=25)
@given(n=st.integers(1, 60), seed=st.integers(0, 9))
def test_the_value_is_the_weighted_mean_and_lies_in_its_interval(n: int, seed: int) -> None:
    values, weights = np.random.default_rng(seed).random((2, n))
    found = of_ratio(values, weights)
    assert found.value == pytest.approx(values.sum() / weights.sum()) and found.low <= found.value <= found.high


@pytest.mark.parametrize("n", [500, 2 * BINS + 37])
def test_the_interval_of_a_share_is_as_wide_as_theory_says(n: int) -> None:
    values = coin(n)
    found = of_ratio(values, np.ones(n))
    width = 2 * 1.96 * np.sqrt(found.value * (1 - found.value) / n)
    assert found.high - found.low == pytest.approx(width, rel=0.1)


def test_the_interval_covers_the_truth_about_19_times_in_20() -> None:
    found = [of_ratio(coin(200, seed), np.ones(200)) for seed in range(200)]
    assert 0.90 <= np.mean([one.low <= 0.7 <= one.high for one in found]) <= 0.99


def test_heavy_examples_widen_the_interval() -> None:
    values = coin(400)
    weights = np.where(np.arange(400) % 20 == 0, 100.0, 1.0)
    even, uneven = of_ratio(values, np.ones(400)), of_ratio(values * weights, weights)
    assert uneven.high - uneven.low > 2 * (even.high - even.low)


def test_equal_parts_give_an_equal_interval() -> None:
    assert of_ratio(coin(300), np.ones(300)) == of_ratio(coin(300), np.ones(300))


def test_copies_narrow_no_interval() -> None:
    values = coin(100)
    once, copied = of_ratio(values, np.ones(100)), np.repeat(values, 9)
    assert of_ratio(copied, np.ones(900), np.repeat(np.arange(100), 9)) == once
    assert of_ratio(copied, np.ones(900)).high < once.high


def test_groups_may_stand_anywhere_and_bear_any_number() -> None:
    values, order = coin(300), np.random.default_rng(1).permutation(300)
    groups = np.arange(300) // 10
    there, found = of_ratio(values, np.ones(300), groups), of_ratio(values[order], np.ones(300), 7 - groups[order])
    assert (found.low, found.high) == pytest.approx((there.low, there.high), abs=0.03)


@pytest.mark.parametrize("n", [1, 30, 3 * BINS])
@pytest.mark.parametrize("right", [0.0, 1.0])
def test_a_fraction_without_spread_has_the_interval_of_wilson(n: int, right: float) -> None:
    found, far = of_ratio(np.full(n, right), np.ones(n), fraction=True), 3.8415 / (n + 3.8415)
    expected = (right, right, far) if right == 0 else (right, 1 - far, right)
    assert (found.value, found.low, found.high) == pytest.approx(expected, abs=1e-5)


def test_what_was_not_asked_does_not_narrow_the_interval_of_wilson() -> None:
    asked = np.arange(50) < 5
    assert of_ratio(asked * 1.0, asked * 1.0, fraction=True) == of_ratio(np.ones(5), np.ones(5), fraction=True)


@pytest.mark.parametrize(("value", "half"), [(3.1, 0.31), (0.0, 0.1), (-20.0, 2.0)])
def test_another_score_without_spread_has_the_interval_of_one_more_example(value: float, half: float) -> None:
    found = of_ratio(np.full(9, value), np.ones(9))
    assert (found.low, found.high) == pytest.approx((value - half, value + half))


def test_one_group_has_no_spread() -> None:
    found = of_ratio(coin(50), np.ones(50), np.zeros(50, int), fraction=True)
    assert found.high - found.low > 0.5


def test_nothing_asked_is_refused() -> None:
    with pytest.raises(AssertionError):
        of_ratio(np.zeros(3), np.zeros(3))


def spread_over_mean(sums: np.ndarray) -> np.ndarray:
    return np.sqrt(sums[..., 0] / sums[..., 2]) - sums[..., 1] / sums[..., 2]


@settings(deadline=None, max_examples=25)
@given(n=st.integers(2, 40), seed=st.integers(0, 9))
def test_any_combination_is_made_of_the_sums_of_all_examples(n: int, seed: int) -> None:
    parts = np.concatenate((np.random.default_rng(seed).random((n, 2)), np.ones((n, 1))), 1)
    found = score(parts, spread_over_mean)
    assert found.value == pytest.approx(np.sqrt(parts[:, 0].mean()) - parts[:, 1].mean())
    assert found.low <= found.value <= found.high
    assert score(parts[::-1], spread_over_mean).value == pytest.approx(found.value)


def test_the_interval_is_that_of_the_combination_and_not_of_its_first_sum() -> None:
    first = coin(400)
    parts = np.stack((first, first, np.ones(400)), 1)  # the second sum takes away all that varies in the first
    wide = score(parts, lambda sums: sums[..., 0] / sums[..., 2])
    narrow = score(parts, lambda sums: (sums[..., 0] - 0.9 * sums[..., 1]) / sums[..., 2])
    assert narrow.high - narrow.low == pytest.approx(0.1 * (wide.high - wide.low))
