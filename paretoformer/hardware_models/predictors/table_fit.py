"""Fitting predictors to columns of tables, and judging them on rows held out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from paretoformer.hardware_models.predictors.contract import Predictor
from paretoformer.hardware_models.predictors.fitting import Fitted, fit
from paretoformer.hardware_models.predictors.registry import predictors
from paretoformer.hardware_models.predictors.scores import Scores, score
from paretoformer.hardware_models.predictors.selection import Selection, select
from paretoformer.hardware_models.predictors.table_predictor import (
    Origin,
    TablePredictor,
    costs_digest,
    row_digests,
)
from paretoformer.hardware_models.tables.choosing import ALL, choose_columns, require_column
from paretoformer.hardware_models.tables.columns import numbers
from paretoformer.hardware_models.tables.expansion import Expansion
from paretoformer.hardware_models.tables.features import Features, Floats
from paretoformer.hardware_models.tables.planning import plan_expansion
from paretoformer.records.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

Rows = npt.NDArray[np.intp]
FEWEST_ROWS, FEWEST_HELD_OUT = 10, 5
"""Rows to fit, and rows to be judged on."""
EXACT = 1e-4
"""Relative error that counts as none."""


@dataclass(frozen=True, kw_only=True)
class TableRequest:
    """Which columns are features (`("all",)` for every other), which counts layers where that is not plain, and the seed."""

    features: tuple[str, ...] = (ALL,)
    depth: str | None = None
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class TableFit:
    """A predictor of a column, what it was chosen among, baselines fitted to the same rows, and columns not used."""

    predictor: TablePredictor
    selection: Selection
    baselines: tuple[Fitted, ...]
    left_out: tuple[str, ...]

    @property
    def unbeaten(self) -> tuple[str, ...]:
        """The baselines whose error on rows left out in turn is as small, or whose order is better."""
        return unbeaten(self.selection.chosen.scores, {each.name: each.scores for each in self.baselines})


@dataclass(frozen=True, kw_only=True)
class HeldOutScores:
    """How a column was predicted on rows held out: the chosen predictor, and the baselines by name."""

    column: str
    fit: TableFit
    chosen: Scores
    baselines: dict[str, Scores]

    @property
    def unbeaten(self) -> tuple[str, ...]:
        """The baselines whose error is as small, or whose order is better."""
        return unbeaten(self.chosen, self.baselines)


def unbeaten(chosen: Scores, baselines: Mapping[str, Scores]) -> tuple[str, ...]:
    """The baselines that a choice does not beat."""
    return tuple(name for name, each in baselines.items() if not beats(chosen, each))


def beats(one: Scores, baseline: Scores) -> bool:
    """Whether the error is smaller and the order no worse; errors that are nothing, on either side, are equal."""
    smaller = max(one.mape, EXACT) < max(baseline.mape, EXACT)
    return smaller and (one.tau or 0.0) >= (baseline.tau or 0.0)


def read_target(frame: "pd.DataFrame", column: str) -> Floats:
    """The costs to be predicted.

    Raises:
        UserError: no such column, or a cell that is no positive number; names the row, from 1.
    """
    require_column(frame, column)
    values = np.array(numbers(column, list(frame[column])))
    if not np.all(values > 0):
        row = int(np.flatnonzero(values <= 0)[0])
        raise UserError(
            f"Row {row + 1} of column '{column}' is {values[row]:g}, and a cost to be predicted must be positive."
        )
    if np.ptp(values) == 0:
        raise UserError(f"Column '{column}' is {values[0]:g} in all {len(values):,} rows; there is nothing to predict.")
    return values


def fit_table(
    frame: "pd.DataFrame",
    column: str,
    request: TableRequest,
    *,
    prior: TablePredictor | None = None,
    origin: Origin | None = None,
    among: Sequence[Predictor] | None = None,
) -> TableFit:
    """Fit a predictor of a column to all rows of a table.

    Args:
        frame: the table, as `read_table` gives it.
        column: what is predicted.
        request: from what.
        prior: a predictor of the same kind of rows on another device, for few rows of a new one.
        origin: where the rows come from.
        among: what to choose from; by default every predictor.

    Raises:
        UserError: too few rows, a column that is missing, constant or not to be read, or a prior of these very rows.
    """
    reading = _Reading(frame, (column,), request, prior, origin or Origin())
    return reading.fit(column, np.arange(len(frame)), among)


def score_table(
    frame: "pd.DataFrame",
    columns: Sequence[str],
    request: TableRequest,
    *,
    held_out: float = 0.2,
    among: Sequence[Predictor] | None = None,
) -> list[HeldOutScores]:
    """Fit to a share of the rows drawn by the seed and judge on the others, each column for itself.

    Raises:
        UserError: as `fit_table`, or too few rows on either side.
    """
    if not 0 < held_out < 1:
        raise UserError(f"'{held_out:g}' is not a share of rows to hold out; it must lie between 0 and 1.")
    reading = _Reading(frame, columns, request, None, Origin())
    order = np.random.default_rng(request.seed).permutation(len(frame))
    number = round(held_out * len(frame))
    if number < FEWEST_HELD_OUT or len(frame) - number < FEWEST_ROWS:
        raise UserError(
            f"The table has {len(frame)} rows, of which {number} would be held out; at least {FEWEST_HELD_OUT} rows are needed to "
            f"judge on and {FEWEST_ROWS} to learn from."
        )
    return [reading.score(column, np.sort(order[number:]), np.sort(order[:number]), among) for column in columns]


class _Reading:
    """A table read once for several columns to be predicted."""

    def __init__(
        self,
        frame: "pd.DataFrame",
        columns: Sequence[str],
        request: TableRequest,
        prior: TablePredictor | None,
        origin: Origin,
    ) -> None:
        if len(frame) < FEWEST_ROWS:
            raise UserError(f"The table has {len(frame)} rows, and a predictor learns from {FEWEST_ROWS} on.")
        self.targets = {column: read_target(frame, column) for column in columns}
        if prior is not None:
            _refuse_own_rows(prior, self.targets)
        chosen = choose_columns(frame, request.features, columns)
        self.left_out, self.request, self.prior, self.origin = chosen.left_out, request, prior, origin
        self.expansion: Expansion = plan_expansion(chosen.columns, request.depth)
        names = {plan.name for plan in self.expansion.columns}
        self.columns = [column for column in chosen.columns if column.name in names]
        features = self.expansion.of_columns(chosen.columns)
        self.features: Features = features if prior is None else replace(features, prior=prior.predict(frame).value)

    def fit(self, column: str, rows: Rows, among: Sequence[Predictor] | None) -> TableFit:
        features, target = self.features.rows(rows), self.targets[column][rows]
        selection = select(features, target, seed=self.request.seed, among=among)
        needed = self.prior if selection.chosen.needs_prior else None
        fitted = TablePredictor(
            column=column,
            origin=replace(self.origin, rows=costs_digest(target), seen=self._seen(column, rows)),
            expansion=self.expansion,
            fitted=selection.chosen,
            seed=self.request.seed,
            prior=needed,
        )
        baselines = tuple(fit(kind(), features, target, seed=self.request.seed) for kind in predictors(baseline=True))
        return TableFit(predictor=fitted, selection=selection, baselines=baselines, left_out=self.left_out)

    def _seen(self, column: str, rows: Rows) -> tuple[str, ...]:
        of_all = row_digests(self.columns, self.targets[column])
        return tuple(of_all[row] for row in rows)

    def score(
        self,
        column: str,
        learned: Rows,
        held: Rows,
        among: Sequence[Predictor] | None,
    ) -> HeldOutScores:
        found = self.fit(column, learned, among)
        features, target = self.features.rows(held), self.targets[column][held]

        def judged(fitted: Fitted) -> Scores:
            said = fitted.predict(features)
            return score(said.value, target, features.depth, said.holds(target))

        return HeldOutScores(
            column=column,
            fit=found,
            chosen=judged(found.selection.chosen),
            baselines={each.name: judged(each) for each in found.baselines},
        )


def _refuse_own_rows(prior: TablePredictor, targets: dict[str, Floats]) -> None:
    """A predictor knows the rows that it was fitted to, so that its errors on them would promise too much."""
    known: TablePredictor | None = prior
    own = {costs_digest(target) for target in targets.values()}
    while known is not None:
        if known.origin.rows in own:
            raise UserError(
                f"The other predictor was fitted to these very rows (from {known.origin.source}), so that it has seen each "
                "that it would be judged by; --from takes a predictor of another device."
            )
        known = known.prior
