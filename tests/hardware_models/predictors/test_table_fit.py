"""From tables to predictors and back from files."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from paretoformer.hardware_models.predictors.contract import Predictor
from paretoformer.hardware_models.predictors.physical import Physical
from paretoformer.hardware_models.predictors.rescaled import Rescaled
from paretoformer.hardware_models.predictors.scores import Scores
from paretoformer.hardware_models.predictors.smooth import Smooth
from paretoformer.hardware_models.predictors.table_fit import (
    EXACT,
    HeldOutScores,
    TableRequest,
    beats,
    fit_table,
    read_target,
    score_table,
)
from paretoformer.hardware_models.predictors.table_predictor import TablePredictor
from paretoformer.records.errors import UserError


def test_a_predictor_of_the_very_same_rows_is_no_prior(tmp_path: Path) -> None:
    frame = roofline(40)
    fit_table(frame, "cost", TableRequest(), among=[Physical()]).predictor.save(tmp_path / "own.json")
    own = TablePredictor.load(tmp_path / "own.json")
    with pytest.raises(UserError, match="fitted to these very rows .* --from takes a predictor of another device"):
        fit_table(frame.iloc[::-1].reset_index(drop=True), "cost", TableRequest(), prior=own, among=[Rescaled()])
    adapted = fit_table(frame.iloc[:20], "cost", TableRequest(), prior=own, among=[Rescaled()]).predictor
    with pytest.raises(UserError, match="fitted to these very rows"):
        fit_table(frame, "cost", TableRequest(), prior=adapted, among=[Rescaled()])


def roofline(rows: int) -> pd.DataFrame:
    """A device on which either arithmetic or memory is the bottleneck."""
    rng = np.random.default_rng(1)
    width, layers, batch = rng.integers(64, 1024, rows), rng.integers(1, 25, rows), rng.choice([1, 2, 4, 8, 16], rows)
    macs, moved = layers * batch * width**2 * 12.0, layers * width**2 * 48.0 + layers * batch * width * 32.0
    cost = np.maximum(macs / 5e9, moved / 2e10) + layers * 1e-3
    return pd.DataFrame({"hidden": width, "layers": layers, "batch": batch, "cost": cost}).astype(str)


def stages(rows: int) -> pd.DataFrame:
    """A pyramid: depths and widths of four stages, and a resolution."""
    rng = np.random.default_rng(2)
    depths, widths = rng.choice([1, 2, 3, 6], (rows, 4)), rng.choice([24, 32, 48], (rows, 4)) * np.array([1, 2, 4, 8])
    side = rng.choice([160, 192, 224], rows)
    work = (depths * widths**2 / 4.0 ** np.arange(4)).sum(axis=1) * side**2
    joined = [["-".join(map(str, row)) for row in each] for each in (depths, widths)]
    cost = 2 + 1e-8 * work + 0.1 * depths.sum(axis=1)
    return pd.DataFrame({"depths": joined[0], "widths": joined[1], "side": side, "cost": cost}).astype(str)


def cells(rows: int) -> pd.DataFrame:
    """Six edges with an operation each, as words."""
    prices = {"none": 0.0, "skip": 0.1, "conv1": 1.0, "conv3": 2.5}
    ops = np.random.default_rng(3).choice(list(prices), (rows, 6))
    cost = 3 + np.vectorize(prices.get)(ops).sum(axis=1)
    return pd.DataFrame({**{f"edge{place}": ops[:, place] for place in range(6)}, "cost": cost.astype(str)})


def mixers(rows: int) -> pd.DataFrame:
    """A mixer for each layer, whose costs grow differently with the width."""
    rng = np.random.default_rng(4)
    prices = {"softmax": 3e-4, "linear": 1e-4, "pool": 1e-5}
    width, depth = rng.choice([32, 64, 96], rows), rng.integers(1, 6, rows)
    chosen = [list(rng.choice(list(prices), each)) for each in depth]
    cost = [0.2 + sum(prices[mixer] * w**2 for mixer in each) for each, w in zip(chosen, width, strict=True)]
    words = ["-".join(each) for each in chosen]
    return pd.DataFrame({"width": width.astype(str), "mixer": words, "cost": [str(each) for each in cost]})


def scored(frame: pd.DataFrame, config: Predictor) -> HeldOutScores:
    return score_table(frame, ["cost"], TableRequest(), among=[config])[0]


@pytest.mark.parametrize(
    ("table", "config"),
    [(roofline, Smooth()), (stages, Smooth()), (cells, Physical()), (mixers, Physical())],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_tables_of_other_kinds_are_predicted_within_a_few_per_cent(
    table: Callable[[int], pd.DataFrame], config: Predictor
) -> None:
    found = scored(table(120), config)
    assert found.chosen.mape < 0.05
    assert found.chosen.tau is not None and found.chosen.tau > 0.95
    assert found.unbeaten == () or found.baselines["linear"].mape < EXACT, "cells are linear"


def test_a_baseline_is_beaten_in_error_without_loss_of_order() -> None:
    one = Scores(rows=9, mape=0.02, within_5=1.0, within_10=1.0, tau=0.9, tau_within_depth=None)
    assert beats(one, replace(one, mape=0.03))
    assert not beats(one, one)
    assert not beats(one, replace(one, mape=0.03, tau=0.91))


def test_of_two_that_get_everything_right_neither_beats_the_other() -> None:
    exact = Scores(rows=9, mape=1e-9, within_5=1.0, within_10=1.0, tau=1.0, tau_within_depth=None)
    assert not beats(exact, replace(exact, mape=1e-7))


def test_a_saved_predictor_says_the_same(tmp_path: Path) -> None:
    frame = mixers(60)
    found = fit_table(frame, "cost", TableRequest(), among=[Physical()]).predictor
    found.save(tmp_path / "cost.json")
    read = TablePredictor.load(tmp_path / "cost.json")
    rows = frame.drop(columns="cost")
    np.testing.assert_array_equal(read.predict(rows).value, found.predict(rows).value)


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    found = fit_table(mixers(60), "cost", TableRequest(), among=[Physical()]).predictor.to_json()
    del found["fitted"]["law"]["sum"][0]["weight"]
    (tmp_path / "cost.json").write_text(json.dumps(found))
    with pytest.raises(UserError, match="was changed or cut off: KeyError 'weight'"):
        TablePredictor.load(tmp_path / "cost.json")


def test_another_json_file_is_no_predictor(tmp_path: Path) -> None:
    (tmp_path / "else.json").write_text("{}")
    with pytest.raises(UserError, match="is no predictor of this version"):
        TablePredictor.load(tmp_path / "else.json")


def test_twenty_rows_of_a_new_device_are_enough_beside_another_device() -> None:
    frame = roofline(400)
    other = fit_table(frame.iloc[:300], "cost", TableRequest(), among=[Smooth()]).predictor
    new = frame.assign(cost=[str(0.3 * float(cost) ** 0.9) for cost in frame["cost"]])
    few, rest = new.iloc[300:320], new.iloc[320:]
    target = read_target(rest, "cost")

    def error(prior: TablePredictor | None) -> float:
        among = [Rescaled(), Smooth()]
        predictor = fit_table(few, "cost", TableRequest(), prior=prior, among=among).predictor
        return float(np.mean(np.abs(predictor.predict(rest).value / target - 1)))

    assert error(other) < 0.5 * error(None)


def test_a_predictor_that_needs_the_other_device_carries_it_along(tmp_path: Path) -> None:
    frame = roofline(120)
    other = fit_table(frame, "cost", TableRequest(), among=[Smooth()]).predictor
    found = fit_table(frame.iloc[:20], "cost", TableRequest(), prior=other, among=[Rescaled()]).predictor
    found.save(tmp_path / "new.json")
    assert np.allclose(
        TablePredictor.load(tmp_path / "new.json").predict(frame).value, other.predict(frame).value, rtol=0.1
    )


@pytest.mark.parametrize(
    ("change", "request_", "sentence"),
    [
        (
            {},
            TableRequest(features=("hidden", "depth")),
            "'depth' is not a column of the table; its columns: batch, cost",
        ),
        (
            {"batch": "4"},
            TableRequest(features=("hidden", "batch")),
            "Column 'batch' is 4 in all 30 rows, which tells nothing",
        ),
        ({}, TableRequest(features=("cost",)), "Column 'cost' is predicted, and cannot be a feature too"),
        ({"cost": "-1"}, TableRequest(), "Row 1 of column 'cost' is -1, and a cost to be predicted must be positive"),
        ({"cost": "fast"}, TableRequest(), "Row 1 of column 'cost' is 'fast' where a number is expected"),
        ({"cost": ""}, TableRequest(), "Row 1 of column 'cost' is empty where a number is expected"),
        ({"cost": "2"}, TableRequest(), "Column 'cost' is 2 in all 30 rows; there is nothing to predict"),
        ({}, TableRequest(depth="deep"), "'deep' is not a feature column; feature columns: batch, hidden, layers"),
    ],
)
def test_what_cannot_be_fitted_is_said_in_a_sentence(
    change: dict[str, str], request_: TableRequest, sentence: str
) -> None:
    with pytest.raises(UserError) as caught:
        fit_table(roofline(30).assign(**change), "cost", request_, among=[Physical()])
    assert sentence in str(caught.value)


def test_a_table_too_small_to_hold_rows_out_is_refused() -> None:
    with pytest.raises(UserError, match="The table has 14 rows, of which 3 would be held out; at least 5"):
        scored(roofline(14), Smooth())


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(UserError, match="'1.5' is not a share of rows"):
        score_table(roofline(30), ["cost"], TableRequest(), held_out=1.5)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["words", "falling"])
def test_prices_of_words_and_costs_that_fall_are_told_as_well_as_by_a_linear_model(kind: str) -> None:
    rng = np.random.default_rng(0)
    if kind == "words":
        places, prices = rng.integers(0, 5, (200, 6)), rng.uniform(1, 10, (6, 5))
        columns = {f"op{i}": [f"w{place}" for place in places[:, i]] for i in range(6)}
        cost = prices[np.arange(6), places].sum(1)
    else:
        numbers = rng.uniform(1, 10, (200, 5))
        columns = {f"n{i}": list(numbers[:, i]) for i in range(5)}
        cost = 100 + numbers @ np.array([3, -4, 2, -1, 5])
    frame = pd.DataFrame({**columns, "cost": cost * (1 + 0.01 * rng.standard_normal(200))})
    (found,) = score_table(frame, ["cost"], TableRequest(features=tuple(columns)))
    assert found.chosen.mape <= 1.02 * found.baselines["linear"].mape
