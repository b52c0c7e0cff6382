import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.hardware_models.predictors.nonnegative import fit_nonnegative


def terms(rows: int, seed: int) -> np.ndarray:
    """A column of ones and five positive ones."""
    drawn = np.random.default_rng(seed).uniform(0.1, 1.0, (rows, 5))
    return np.column_stack([np.ones(rows), drawn])


@given(st.integers(0, 500), st.lists(st.sampled_from([0.0, 0.5, 3.0]), min_size=6, max_size=6))
@settings(deadline=None, max_examples=20)
def test_weights_that_made_the_costs_are_found(seed: int, weights: list[float]) -> None:
    columns = terms(80, seed)
    cost = columns @ np.array(weights) + 0.2
    found = fit_nonnegative(columns, cost)
    np.testing.assert_allclose(columns @ found, cost, rtol=1e-3)


def test_no_weight_is_negative() -> None:
    columns = terms(60, 0)
    assert np.all(fit_nonnegative(columns, 5.0 - columns[:, 1]) >= 0)


def test_hiccups_of_a_device_move_the_law_little() -> None:
    columns = terms(200, 1)
    cost = columns @ np.array([1.0, 2.0, 0.0, 0.0, 4.0, 0.0])
    measured = cost.copy()
    measured[::7] *= 1.5
    errors = np.abs(columns @ fit_nonnegative(columns, measured) / cost - 1)
    assert np.median(errors) < 0.01


def test_a_strict_fit_of_noise_has_fewer_terms() -> None:
    rng = np.random.default_rng(0)
    columns = np.column_stack([np.ones(40), rng.uniform(0.5, 1.5, (40, 60))])
    cost = np.exp(rng.normal(0, 0.2, 40))
    loose, strict = (np.count_nonzero(fit_nonnegative(columns, cost, strictness)) for strictness in (0.0, 1.0))
    assert strict < loose
