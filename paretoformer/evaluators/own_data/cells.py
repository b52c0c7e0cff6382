"""Cells of a table as what they are asked to be, with the row in every sentence about one that is not."""

import json
import math
from collections.abc import Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from paretoformer.records.errors import UserError

Series = npt.NDArray[np.float32]
"""(steps, channels)."""
Floats = npt.NDArray[np.float64]
_KINDS = {
    str: "text", bool: "a truth", int: "a number", float: "a number", Decimal: "a number",
    list: "a list", dict: "an object", bytes: "bytes",
}  # fmt: skip
_NO_LABEL = (list, dict, bytes)
_NO_TEXT = (bool, int, float, Decimal, *_NO_LABEL)


def texts(what: str, name: str, cells: Sequence[Any]) -> list[bytes]:
    """UTF-8 of each cell.

    Raises:
        UserError: a cell is empty, or no text.
    """
    found = []
    for row, cell in enumerate(_filled(what, name, cells), 1):
        if isinstance(cell, _NO_TEXT):
            advice = f"write series={name} instead" if _of_numbers(cells) else "a text is a string, as in 'so it goes'"
            raise UserError(
                f"Row {row} of '{what}' has {_kind(cell)}, {_short(cell)}, in column '{name}', which is to be text; {advice}."
            )
        _check_kind(what, name, row, cell, cells[0])
        found.append(_as_text(what, name, row, cell).encode())
    return found


def labels(what: str, name: str, cells: Sequence[Any]) -> list[str]:
    """Each cell's label; numbers and truths are labels by their text.

    Raises:
        UserError: a cell is empty, a list, or of another kind than the first.
    """
    found = []
    for row, cell in enumerate(_filled(what, name, cells), 1):
        if isinstance(cell, _NO_LABEL):
            raise UserError(
                f"Row {row} of '{what}' has {_kind(cell)}, {_short(cell)}, in column '{name}', which is to be a label."
            )
        _check_kind(what, name, row, cell, cells[0])
        found.append(_as_text(what, name, row, cell))
    return found


def numbers(what: str, names: Sequence[str], table: dict[str, list[Any]]) -> Floats:
    """(rows, columns).

    Raises:
        UserError: a cell is empty, no finite number, or of another kind than the first.
    """
    found = []
    for name in names:
        column = []
        for row, cell in enumerate(_filled(what, name, table[name]), 1):
            number = number_of(cell)
            if number is None:
                raise UserError(
                    f"Row {row} of '{what}' has '{cell}' in column '{name}', which is to be a finite number."
                )
            _check_kind(what, name, row, cell, table[name][0])
            column.append(number)
        found.append(column)
    return np.array(found).T


def series(what: str, name: str, cells: Sequence[Any]) -> list[Series]:
    """Lists of numbers, or of equally long lists of numbers, (steps, channels) each; text is read as JSON.

    Raises:
        UserError: a cell is empty, is no such list, is of another kind or has another number of channels than the first.
    """
    found: list[Series] = []
    for row, cell in enumerate(_filled(what, name, cells), 1):
        values = _as_series(cell)
        if values is None:
            raise UserError(
                f"Row {row} of '{what}' has '{_short(cell)}' in column '{name}', which is to be a list of finite numbers, "
                "such as [0.5, 1, 2], or a list of such lists of one length."
            )
        _check_kind(what, name, row, cell, cells[0])
        if found and values.shape[1] != found[0].shape[1]:
            raise UserError(
                f"Row {row} of '{what}' has {values.shape[1]} numbers a step in column '{name}' and row 1 has "
                f"{found[0].shape[1]}; give all rows as many."
            )
        found.append(values)
    return found


def number_of(cell: Any) -> float | None:
    """The finite number that a cell holds, as a number or as text; None where it is none."""
    try:
        number = (
            float(cell) if isinstance(cell, int | float | str | Decimal) and not isinstance(cell, bool) else math.nan
        )
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _filled(what: str, name: str, cells: Sequence[Any]) -> Sequence[Any]:
    for row, cell in enumerate(cells, 1):
        if cell is None or (isinstance(cell, str) and not cell.strip()) or cell != cell:  # nan: a missing number
            raise UserError(f"Row {row} of '{what}' has no value in column '{name}'; fill it or drop the row.")
    return cells


def _check_kind(what: str, name: str, row: int, cell: Any, first: Any) -> None:
    if _kind(cell) != _kind(first):
        raise UserError(
            f"Row {row} of '{what}' has {_kind(cell)}, {_short(cell)}, in column '{name}', and row 1 has {_kind(first)}, "
            f"{_short(first)}; give all rows one kind."
        )


def _of_numbers(cells: Sequence[Any]) -> bool:
    """Whether all are numbers, or all are lists of them."""
    return any(all(read(cell) is not None for cell in cells) for read in (number_of, _as_series))


def _as_series(cell: Any) -> Series | None:
    try:
        values = json.loads(cell) if isinstance(cell, str) else cell
        found = np.array(values, dtype=np.float32)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    listed = isinstance(values, list) and found.size > 0 and found.ndim in (1, 2)
    if not listed or not np.isfinite(found).all() or not _numbers_only(values):
        return None
    return found.reshape(len(found), -1)


def _numbers_only(values: list[Any]) -> bool:
    """Whether nothing in the list, or in its lists, is a text or a truth, which numpy reads as a number too."""
    flat = chain.from_iterable(value if isinstance(value, list) else [value] for value in values)
    return {type(value) for value in flat} <= {int, float, Decimal}


def _as_text(what: str, name: str, row: int, cell: Any) -> str:
    text = cell if isinstance(cell, str) else json.dumps(cell) if isinstance(cell, bool | int | float) else str(cell)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UserError(
            f"Row {row} of '{what}' has half a character in column '{name}': a surrogate without its other half."
        ) from error
    return text


def _kind(cell: Any) -> str:
    return _KINDS.get(type(cell), f"a {type(cell).__name__}")


def _short(cell: Any) -> str:
    text = str(cell)
    return text if len(text) <= 40 else f"{text[:40]}..."
