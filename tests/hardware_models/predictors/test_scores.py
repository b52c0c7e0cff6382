import numpy as np
import pytest

from paretoformer.hardware_models.predictors.scores import kendall, score

MEASURED = np.array([1.0, 2.0, 4.0, 8.0])


def test_errors_are_relative_to_what_was_measured() -> None:
    found = score(MEASURED * np.array([1.0, 1.04, 0.92, 1.2]), MEASURED, None)
    assert found.mape == pytest.approx((0 + 0.04 + 0.08 + 0.2) / 4)
    assert (found.within_5, found.within_10) == (0.5, 0.75)


def test_knowing_the_depth_alone_orders_nothing_within_a_depth() -> None:
    depth = np.array([1.0, 1.0, 2.0, 2.0])
    found = score(np.array([1.5, 1.5, 6.0, 6.0]), MEASURED, depth)
    assert found.tau == pytest.approx(0.816, abs=1e-3)
    assert found.tau_within_depth == 0.0


def test_depths_weigh_as_much_as_they_have_pairs() -> None:
    depth = np.array([1.0, 1.0, 2.0, 2.0, 2.0])
    measured = np.array([1.0, 2.0, 5.0, 6.0, 7.0])
    said = np.array([2.0, 1.0, 5.0, 6.0, 7.0])
    assert score(said, measured, depth).tau_within_depth == pytest.approx((1 * -1 + 3 * 1) / 4)


def test_an_order_of_equal_numbers_says_nothing() -> None:
    assert kendall(np.ones(4), MEASURED) is None


def test_coverage_is_the_share_of_rows_inside() -> None:
    assert score(MEASURED, MEASURED, None, np.array([True, True, False, True])).coverage == 0.75
