import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.hardware_models.predictors.fitting import conformal_factors, fit, predict_left_out
from paretoformer.hardware_models.predictors.linear import Linear
from paretoformer.hardware_models.tables.features import FeatureKind, Features
from paretoformer.records.errors import UserError


def one_feature(values: np.ndarray) -> Features:
    return Features(names=("x",), kinds=(FeatureKind.NUMBER,), values=values.reshape(-1, 1))


@given(st.integers(8, 200), st.integers(0, 1_000))
@settings(deadline=None, max_examples=30)
def test_factors_hold_the_share_of_ratios_that_they_claim(number: int, seed: int) -> None:
    ratios = np.exp(np.random.default_rng(seed).normal(0, 1, number))
    low, high, level = conformal_factors(ratios, 0.9)
    inside = np.sum((low <= ratios) & (ratios <= high))
    assert inside >= 0.9 * number - 1
    assert level == pytest.approx((inside - 1) / (number + 1))


def test_with_few_rows_the_interval_spans_all_and_claims_less() -> None:
    low, high, level = conformal_factors(np.array([0.8, 1.0, 1.3, 0.9]), 0.9)
    assert (low, high, level) == (0.8, 1.3, 3 / 5)


def test_coverage_over_many_draws_is_what_was_asked_for() -> None:
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(400):
        draws = np.exp(rng.standard_t(3, 100))
        low, high, _ = conformal_factors(draws[:-1], 0.9)
        covered.append(low <= draws[-1] <= high)
    assert 0.86 <= np.mean(covered) <= 0.94


def test_a_row_is_predicted_by_laws_that_have_not_seen_it() -> None:
    x = np.arange(1.0, 31.0)
    cost = 2 * x
    spoilt = cost.copy()
    spoilt[7] *= 5
    said = predict_left_out(Linear(), one_feature(x), spoilt, seed=0)
    assert said[7] < 0.5 * spoilt[7]


def test_costs_that_are_not_positive_are_refused_with_their_row() -> None:
    cost = np.arange(1.0, 21.0)
    cost[4] = -3
    with pytest.raises(UserError, match="Row 5 has a cost of -3"):
        fit(Linear(), one_feature(np.arange(20.0)), cost)
