"""The answers of signals, read again from the file that statsmodels ships."""

import csv
import datetime
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.tasks import signals
from paretoformer.evaluators.tasks.signals import HORIZON, Series, SignalOptions, Signals
from paretoformer.records.errors import UserError

WEEKS = 52
SPLITS = {Split.TRAIN: (0, 1599), Split.VALIDATION: (1612, 1941), Split.TEST: (1954, 2284)}
"""First week and the one after the last: 70 %, 15 % and 15 % of 2,284, the later two begun 13 weeks late."""


@pytest.fixture(scope="module")
def rows() -> list[tuple[datetime.date, float | None]]:
    """Date and value of each week, None where it was not measured."""
    from statsmodels.datasets import co2

    with Path(co2.__file__).with_name("co2.csv").open(newline="") as file:
        return [
            (datetime.datetime.strptime(row["date"], "%Y%m%d").date(), float(row["co2"]) if row["co2"] else None)
            for row in csv.DictReader(file)
        ]


@pytest.fixture(scope="module")
def forecast() -> Signals:
    return open_task("signals")


@pytest.fixture(scope="module")
def months() -> Signals:
    return open_task("signals:kind=classification")


def last_weeks(rows, split: Split, horizon: int) -> list[int]:
    """Places of the windows' last weeks: measured, and something measured among those that are asked."""
    begin, end = SPLITS[split]
    return [
        place
        for place in range(begin + WEEKS - 1, end - horizon)
        if rows[place][1] is not None
        and (not horizon or any(value is not None for _, value in rows[place + 1 : place + 1 + horizon]))
    ]


def test_the_series_has_a_week_for_each_row_and_the_month_that_its_date_says(rows) -> None:
    series = signals.read_series()
    assert {(after - before).days for (before, _), (after, _) in zip(rows, rows[1:], strict=False)} == {7}
    assert series.months.tolist() == [date.month - 1 for date, _ in rows]
    np.testing.assert_array_equal(series.values, [np.nan if value is None else value for _, value in rows])


@pytest.mark.parametrize("split", Split)
def test_forecasts_are_the_weeks_that_come_less_the_last_one(rows, forecast, split) -> None:
    targets, asked = forecast.examples(split).targets, last_weeks(rows, split, HORIZON)
    assert len(targets) == len(asked)
    for target, place in zip(targets.tolist(), asked, strict=True):
        last = rows[place][1]
        coming = [value for _, value in rows[place + 1 : place + 1 + HORIZON]]
        assert target == pytest.approx([float("nan") if each is None else each - last for each in coming], nan_ok=True)


@pytest.mark.parametrize("split", Split)
def test_classes_are_the_month_of_the_last_week(rows, months, split) -> None:
    expected = [rows[place][0].month - 1 for place in last_weeks(rows, split, 0)]
    assert months.examples(split).targets.tolist() == expected


@pytest.mark.parametrize("split", Split)
def test_scaling_back_gives_the_measured_weeks_less_the_last_one(rows, forecast, split) -> None:
    scaling = forecast.scaling["given"]
    inputs = forecast.examples(split).inputs[..., 0].double() * scaling.deviation[0] + scaling.mean[0]
    for window, place in zip(inputs.tolist(), last_weeks(rows, split, HORIZON), strict=True):
        weeks = [value for _, value in rows[place - WEEKS + 1 : place + 1]]
        found = [each for each, value in zip(window, weeks, strict=True) if value is not None]
        assert found == pytest.approx([value - weeks[-1] for value in weeks if value is not None], abs=1e-4)


def test_training_is_scaled_to_mean_0_and_deviation_1(forecast) -> None:
    inputs = forecast.examples(Split.TRAIN).inputs.double()
    assert (inputs.mean().item(), inputs.std().item()) == pytest.approx((0, 1), abs=1e-3)


def test_no_week_is_in_two_splits_and_13_lie_between() -> None:
    weeks = np.arange(400.0)
    parts = [part.values for part in signals.split_in_time(Series(values=weeks, months=weeks.astype(int))).values()]
    assert [(int(part[0]), int(part[-1])) for part in parts] == [(0, 279), (293, 339), (353, 399)]


def windows(values: list[float], **options) -> signals._Windows:
    series = Series(values=np.array(values), months=np.arange(len(values)) % 12)
    return signals._windows(series, SignalOptions(weeks=8, **options))


def test_a_week_that_was_not_measured_lies_between_its_neighbours_and_ends_no_window() -> None:
    values = [0.0, 1, 2, 3, 4, float("nan"), float("nan"), 10, 11, float("nan"), 13]
    found = windows(values, kind="classification")
    assert found.past.tolist() == [
        [-10, -9, -8, -7, -6, -4, -2, 0],
        [-10, -9, -8, -7, -5, -3, -1, 0],
        [-10, -9, -7, -5, -3, -2, -1, 0],
    ]
    assert found.asked.tolist() == [7, 8, 10]


def test_no_window_knows_a_week_after_its_last() -> None:
    values = np.random.default_rng(0).normal(size=60)
    values[[3, 20, 21, 33, 39, 40]] = np.nan
    changed = np.where(np.arange(60) > 40, values + 5, values)
    before, after = (windows(each.tolist(), kind="classification") for each in (values, changed))
    until = before.past[: int(np.isfinite(values[7:41]).sum())]
    np.testing.assert_array_equal(until, after.past[: len(until)])


def test_windows_after_which_nothing_was_measured_are_left_out() -> None:
    found = windows([*map(float, range(9)), *[float("nan")] * HORIZON, 30.0])
    assert found.past.tolist() == [[-7, -6, -5, -4, -3, -2, -1, 0]]
    assert found.asked[0, 0] == 1 and np.isnan(found.asked[0, 1:]).all()


def test_windows_of_one_stretch_are_a_group(forecast) -> None:
    groups = forecast.examples(Split.VALIDATION).groups
    assert groups.unique().tolist() == [0, 1, 2, 3, 4] and torch.equal(groups, groups.sort().values)
    assert int(groups.bincount().max()) == WEEKS + HORIZON


def test_another_series_has_another_hash(forecast, months, monkeypatch) -> None:
    assert forecast.data_hash == months.data_hash
    series = signals.read_series()
    other = replace(series, values=np.where(np.arange(len(series.values)) == 100, 320.0, series.values))
    monkeypatch.setattr(signals, "read_series", lambda: other)
    assert open_task("signals").data_hash != forecast.data_hash


@pytest.mark.parametrize("weeks", [8, 30, 156])
def test_windows_have_the_weeks_that_the_signature_says(weeks) -> None:
    task = open_task(f"signals:weeks={weeks}")
    assert task.signature.input.length == weeks == task.examples(Split.TEST).inputs.shape[1]


@pytest.mark.parametrize("weeks", [7, 157])
def test_windows_too_short_or_too_long_are_refused(weeks) -> None:
    with pytest.raises(UserError, match=f"number of weeks is {weeks}; it must be from 8 to 156"):
        open_task(f"signals:weeks={weeks}")


def test_where_statsmodels_is_missing_its_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels.datasets", None)
    with pytest.raises(UserError, match=r"statsmodels; run pip install 'paretoformer\[data\]'"):
        open_task("signals")
