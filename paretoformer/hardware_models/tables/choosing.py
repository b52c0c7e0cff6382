"""Which columns of a table are features."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paretoformer.hardware_models.tables.columns import Column, ColumnKind, read_column
from paretoformer.records.errors import UserError, unknown

if TYPE_CHECKING:
    import pandas as pd

ALL = "all"
"""How every column but those predicted is asked for."""


@dataclass(frozen=True, kw_only=True)
class ChosenColumns:
    """The columns that are features, and of `all` those that are not, each with a sentence that says why."""

    columns: tuple[Column, ...]
    left_out: tuple[str, ...] = ()


def split_names(text: str) -> tuple[str, ...]:
    """Names with commas between them."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def choose_columns(frame: "pd.DataFrame", names: Sequence[str], predicted: Collection[str]) -> ChosenColumns:
    """The columns of these names, or with `all` every one that is not predicted, can be read, is not constant and does
    neither number nor name the rows.

    Raises:
        UserError: no such column, one that is predicted, one that is the same in every row, or one that cannot be read.
    """
    if tuple(names) == (ALL,):
        return _all_columns(frame, predicted)
    if not names:
        raise UserError(f"No feature is named; columns: {', '.join(map(str, frame.columns))}.")
    found = []
    for name in dict.fromkeys(names):
        require_column(frame, name)
        if name in predicted:
            raise UserError(f"Column '{name}' is predicted, and cannot be a feature too.")
        column = read_column(name, list(frame[name]))
        if column.constant:
            raise UserError(constant_sentence(column))
        found.append(column)
    return ChosenColumns(columns=tuple(found))


def require_column(frame: "pd.DataFrame", name: str) -> None:
    """Pass if the table has a column of that name.

    Raises:
        UserError: it has not; lists those that it has.
    """
    if name not in frame.columns:
        raise unknown("column of the table", name, frame.columns, plural="its columns")


def constant_sentence(column: Column) -> str:
    """Why a column that is the same everywhere is of no use."""
    return f"Column '{column.name}' is {_constant(column)}, which tells nothing; leave it out."


def _constant(column: Column) -> str:
    cell = column.cells[0]
    said = f"{cell:g}" if isinstance(cell, float) else str(cell)
    return f"{said} in all {len(column.cells):,} rows"


def _all_columns(frame: "pd.DataFrame", predicted: Collection[str]) -> ChosenColumns:
    kept, left_out = [], []
    for name in frame.columns:
        if name in predicted:
            continue
        try:
            column = read_column(name, list(frame[name]))
        except UserError as error:
            why = str(error).replace(f"Column '{name}' ", "it ", 1)
            left_out.append(f"Left out is column '{name}': {why[0].lower()}{why[1:]}")
            continue
        if column.constant:
            left_out.append(f"Left out is column '{name}': it is {_constant(column)}, which tells nothing.")
        elif _numbers_rows(column):
            left_out.append(f"Left out is column '{name}': it numbers the rows.")
        elif _names_rows(column):
            left_out.append(f"Left out is column '{name}': it names the rows, a word of its own each.")
        else:
            kept.append(column)
    if not kept:
        reasons = "; ".join(each.removeprefix("Left out is ").rstrip(".") for each in left_out)
        raise UserError(f"No column can be a feature: {reasons or 'all are predicted'}.")
    return ChosenColumns(columns=tuple(kept), left_out=tuple(left_out))


def _numbers_rows(column: Column) -> bool:
    if column.kind is not ColumnKind.NUMBERS or len(column.cells) < 3:
        return False
    return all(after - before == 1 for before, after in zip(column.cells, column.cells[1:], strict=False))


def _names_rows(column: Column) -> bool:
    return column.kind is ColumnKind.CATEGORIES and len(column.cells) > 2 and len(column.levels) == len(column.cells)
