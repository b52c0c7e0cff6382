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


def test_nothing_asked_is_refused() -> None:
    with pytest.raises(AssertionError):
        score(np.zeros(3), np.zeros(3))
