"""Carbon dioxide over Mauna Loa, week by week: how it goes on, or which month it is."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from numpy.lib.stride_tricks import sliding_window_view

from paretoformer.evaluators.drawn.limits import check_range
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.metrics.mae import MeanAbsoluteError
from paretoformer.evaluators.metrics.rmse import RootMeanSquaredError
from paretoformer.evaluators.own_data.scaling import Floats, Scaling
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.splits import SHARES, content_key
from paretoformer.evaluators.task import About
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ClassOutput, NumberOutput, SeriesInput, Signature

HORIZON = 13
"""Weeks that are forecast, a quarter of a year; as many lie between two splits."""

_MONTHS = 12
_UNIT = "ppm"
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class SignalOptions:
    """What is asked of a window, the weeks after it or the month of its last week, and how many weeks it has."""

    kind: Literal["forecast", "classification"] = "forecast"
    weeks: int = 52

    def __post_init__(self) -> None:
        check_range("number of weeks", self.weeks, 8, 156)

    @property
    def horizon(self) -> int:
        """Weeks after a window that are asked."""
        return HORIZON if self.kind == "forecast" else 0


@dataclass(frozen=True, kw_only=True)
class Series:
    """Parts in a million of each week, nan where none was measured, and the month that the week lies in, from 0."""

    values: Floats
    months: Ints


@register_task("signals")
class Signals(MemoryTask):
    """Windows of a weekly series, told by how far each week is from the last one, scaled as training is.

    Splits follow one another in time: the first 70 % of the weeks, the next and the last 15 %, and between two of them 13
    weeks that belong to none. A window's last week was measured; in it, a week that was not lies on the line between its
    neighbours, and as a forecast it is not asked. Forecasts are in ppm beyond the last week, so that persistence is 0.
    An interval resamples stretches of a window's length.
    """

    Options = SignalOptions
    about: About = About(
        title="carbon dioxide in the air over 52 weeks: how it goes on in the next 13",
        data="co2 of statsmodels: weekly means at Mauna Loa from March 1958 to December 2001, 59 of 2,284 missing",
        licence="public domain (the series), distributed with statsmodels (BSD-3-Clause)",
        baseline="rmse 0.535 ppm on validation by ridge regression, 0.805 by the same weeks of the year before and its growth, "
        "2.211 by persistence; of the month, accuracy 0.867 by logistic regression, 0.083 by constant",
        papers=(26,),
    )
    metrics: tuple[Metric, ...] = (RootMeanSquaredError(_UNIT), MeanAbsoluteError(_UNIT))
    signature: Signature = Signature(input=SeriesInput(channels=1, length=52), output=NumberOutput(numbers=HORIZON))
    recipe: Recipe = Recipe(criterion="squared-error", batch=32, budget=32_768)

    def __init__(self, options: SignalOptions | None = None) -> None:
        chosen = options or SignalOptions()
        given = SeriesInput(channels=1, length=chosen.weeks)
        if chosen.kind == "classification":
            self.metrics, self.recipe = (Accuracy(),), Recipe(batch=32, learning_rate=4e-3, budget=32_768)
            self.signature = Signature(input=given, output=ClassOutput(classes=_MONTHS))
        else:
            self.signature = Signature(input=given, output=NumberOutput(numbers=HORIZON))
        series = read_series()
        windows = {split: _windows(part, chosen) for split, part in split_in_time(series).items()}
        scaling = Scaling.of(windows[Split.TRAIN].past.reshape(-1, 1))
        self.scaling = {"given": scaling}
        super().__init__(
            {split: each.examples(scaling) for split, each in windows.items()},
            data_hash=content_key(series.values.tobytes() + series.months.tobytes()),
        )


def read_series() -> Series:
    """The whole series.

    Raises:
        UserError: statsmodels, which has it, is not installed.
    """
    try:
        from statsmodels.datasets import co2
    except ImportError as error:
        raise UserError(
            "Task 'signals' reads a series of statsmodels; run pip install 'paretoformer[data]'."
        ) from error
    table = co2.load_pandas().data
    return Series(values=table["co2"].to_numpy(np.float64), months=table.index.month.to_numpy(np.int64) - 1)


def split_in_time(series: Series) -> dict[Split, Series]:
    """Splits by their shares of the weeks, all but the first begun `HORIZON` weeks late."""
    ends = np.rint(np.cumsum([0, *SHARES.values()]) * len(series.values)).astype(int)
    begins = ends[:-1] + np.where(ends[:-1] > 0, HORIZON, 0)
    return {
        split: Series(values=series.values[begin:end], months=series.months[begin:end])
        for split, begin, end in zip(SHARES, begins, ends[1:], strict=True)
    }


@dataclass(frozen=True, kw_only=True)
class _Windows:
    """Weeks less the last of a window, (n, weeks); what is asked of each, (n, horizon) or months (n,); stretches, (n,)."""

    past: Floats
    asked: Floats | Ints
    stretches: Ints

    def examples(self, scaling: Scaling) -> Examples:
        scaled = scaling.scaled(self.past.reshape(-1, 1)).reshape(*self.past.shape, 1)
        targets = torch.from_numpy(self.asked)
        return Examples(
            inputs=torch.from_numpy(scaled),
            targets=targets.float() if targets.is_floating_point() else targets,
            groups=torch.from_numpy(self.stretches),
        )


def _windows(series: Series, options: SignalOptions) -> _Windows:
    """Every window of a split whose last week was measured, and of whose following weeks one was."""
    weeks, span = options.weeks, options.weeks + options.horizon
    known = ~np.isnan(series.values)
    places = np.arange(len(known))
    begins = np.flatnonzero(known[weeks - 1 : len(known) - options.horizon])
    if options.horizon:
        begins = begins[sliding_window_view(known[weeks:], options.horizon)[begins].any(1)]
    filled = np.interp(places, places[known], series.values[known])
    last = series.values[begins + weeks - 1, None]
    return _Windows(
        past=sliding_window_view(filled, weeks)[begins] - last,
        asked=sliding_window_view(series.values[weeks:], options.horizon)[begins] - last
        if options.horizon
        else series.months[begins + weeks - 1],
        stretches=begins // span,
    )
