"""The middle of visits."""

import random
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.hardware_models.pooling import middle

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20)


@settings(deadline=None, max_examples=50)
@given(values=VALUES)
def test_it_spans_the_median_and_is_in_order(values: list[float]) -> None:
    found = middle(values)
    assert found[0] <= median(values) <= found[-1]
    assert list(found) == sorted(found)


@pytest.mark.parametrize(("count", "left"), [(1, 1), (2, 2), (4, 4), (8, 6), (12, 8)])
def test_nothing_is_cut_off_one_round_and_of_more_what_a_few_disturbed_visits_are(count: int, left: int) -> None:
    assert len(middle([float(each) for each in range(count)])) == left


@pytest.mark.parametrize("count", [4, 8, 12])
def test_it_spans_the_true_median_as_often_as_it_says(count: int) -> None:
    rng = random.Random(count)
    spans = [middle([rng.expovariate(1.0) for _ in range(count)]) for _ in range(2000)]
    true = 0.6931471805599453  # the median of an exponential distribution
    assert sum(low <= true <= high for low, *_, high in spans) / len(spans) > 0.85
