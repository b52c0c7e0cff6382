import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.drawn.functions import FUNCTIONS, centred, fourier, running_max, sine_product, sorted_steps

X = np.random.default_rng(0).uniform(-1, 1, (30, 6, 2))


def test_the_sine_product_is_its_formula() -> None:
    for x, y in zip(X.tolist(), sine_product(X), strict=True):
        for place in range(6):
            summed = sum(step[0] for step in x[: place + 1])
            assert y[place, 0] == pytest.approx(math.sin(3 * summed) + x[5 - place][1] * x[place][0])


def test_sorting_and_running_maximum_are_pythons() -> None:
    for x, ascending, largest in zip(X, sorted_steps(X), running_max(X), strict=True):
        for channel in range(2):
            column = x[:, channel].tolist()
            assert ascending[:, channel].tolist() == sorted(column)
            assert largest[:, channel].tolist() == [max(column[: place + 1]) for place in range(6)]


@settings(deadline=None, max_examples=20)
@given(st.permutations(range(6)))
def test_only_the_control_needs_no_positions(order: list[int]) -> None:
    np.testing.assert_allclose(centred(X[:, order]), centred(X)[:, order], atol=1e-12)
    if order != sorted(order):
        assert all(
            np.abs(FUNCTIONS[name](X[:, order]) - FUNCTIONS[name](X)[:, order]).max() > 0.01
            for name in FUNCTIONS
            if name != "centred"
        )


def test_waves_vary_about_as_one() -> None:
    x = np.random.default_rng(1).uniform(-1, 1, (4_000, 6, 2))
    assert 0.3 < fourier(x).std() < 2
