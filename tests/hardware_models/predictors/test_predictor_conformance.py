"""What every predictor does, whatever it learns by."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from paretoformer.hardware_models.predictors.contract import Predictor
from paretoformer.hardware_models.predictors.fitting import Fitted, fit
from paretoformer.hardware_models.predictors.registry import predictor, predictors
from paretoformer.hardware_models.tables.features import Features, Floats
from paretoformer.records.errors import UserError

Made = Callable[[int, int], tuple[Features, Floats]]
EVERY = [kind() for kind in predictors()]
LEARNING = [each for each in EVERY if not each.baseline]
NAMES = {"ids": lambda each: each.name}
ROWS, NEW = 60, 60


@pytest.fixture
def rows(affine: Made) -> tuple[Features, Floats]:
    """Rows to learn from, beside another device's costs, which are the square roots."""
    features, cost = affine(ROWS, 0)
    return replace(features, prior=np.sqrt(cost)), cost


@pytest.fixture
def new(affine: Made) -> tuple[Features, Floats]:
    features, cost = affine(NEW, 1)
    return replace(features, prior=np.sqrt(cost)), cost


@pytest.mark.parametrize("config", EVERY, **NAMES)
def test_the_same_seed_gives_the_same_law(config: Predictor, rows: tuple[Features, Floats]) -> None:
    first, second = (config.learn(*rows, seed=3).to_json() for _ in range(2))
    assert first == second


@pytest.mark.parametrize("config", LEARNING, **NAMES)
def test_an_affine_law_is_recovered(
    config: Predictor, rows: tuple[Features, Floats], new: tuple[Features, Floats]
) -> None:
    said = config.learn(*rows, seed=0).predict(new[0])
    assert np.mean(np.abs(said / new[1] - 1)) < 0.08


def test_exact_methods_recover_an_affine_law_exactly(
    rows: tuple[Features, Floats], new: tuple[Features, Floats]
) -> None:
    for name in ("physical", "linear", "additive"):
        said = predictor(name)().learn(*rows, seed=0).predict(new[0])
        np.testing.assert_allclose(said, new[1], rtol=1e-3)


@pytest.mark.parametrize("config", EVERY, **NAMES)
def test_every_cost_is_positive_far_from_the_rows_too(config: Predictor, rows: tuple[Features, Floats]) -> None:
    features, cost = rows
    law = config.learn(features, cost, seed=0)
    far = replace(features, values=features.values * 1e-3, prior=np.full(len(features), 1e-6))
    assert np.all(law.predict(far) > 0)


@pytest.mark.parametrize("config", EVERY, **NAMES)
def test_too_few_rows_are_refused(config: Predictor, rows: tuple[Features, Floats]) -> None:
    few = np.arange(config.fewest - 1)
    with pytest.raises(UserError, match=f"needs {config.fewest} rows, and there are {config.fewest - 1}"):
        fit(config, rows[0].rows(few), rows[1][few])


@pytest.mark.parametrize("config", EVERY, **NAMES)
def test_as_few_rows_as_it_asks_for_are_enough(config: Predictor, rows: tuple[Features, Floats]) -> None:
    few = np.arange(config.fewest)
    assert np.all(np.isfinite(fit(config, rows[0].rows(few), rows[1][few]).predict(rows[0]).high))


@pytest.mark.parametrize("config", EVERY, **NAMES)
def test_features_that_are_the_same_everywhere_do_no_harm(config: Predictor, rows: tuple[Features, Floats]) -> None:
    features, cost = rows
    values = features.values.copy()
    values[:, 1:] = 1.0
    assert np.all(np.isfinite(config.learn(replace(features, values=values), cost, seed=0).predict(features)))


@pytest.mark.parametrize("config", EVERY, **NAMES)
def test_a_fit_survives_json(config: Predictor, rows: tuple[Features, Floats], new: tuple[Features, Floats]) -> None:
    fitted = fit(config, *rows)
    read = Fitted.from_json(json.loads(json.dumps(fitted.to_json(), allow_nan=False)))
    np.testing.assert_array_equal(read.predict(new[0]).value, fitted.predict(new[0]).value)
    assert (read.low, read.high, read.level, read.scores) == (fitted.low, fitted.high, fitted.level, fitted.scores)


@pytest.mark.parametrize("config", EVERY, **NAMES)
def test_the_interval_covers_new_rows_as_often_as_it_says(config: Predictor, affine: Made) -> None:
    features, cost = affine(ROWS + NEW, 2)
    noisy = cost * np.exp(np.random.default_rng(2).normal(0, 0.1, len(cost)))
    features = replace(features, prior=cost)
    learned, held = np.arange(ROWS), np.arange(ROWS, ROWS + NEW)
    fitted = fit(config, features.rows(learned), noisy[learned])
    covered = fitted.predict(features.rows(held)).holds(noisy[held]).mean()
    assert fitted.level >= 0.9
    assert covered >= 0.78, "three standard deviations of 60 draws below 0.9"
