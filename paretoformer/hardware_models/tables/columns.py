"""What a column of a table is: numbers, lists of numbers, lists of words, or categories."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from paretoformer.hardware_models.tables import cells
from paretoformer.records.errors import UserError

MOST_WORDS = 64
"""Different words that a column of categories, or the lists of one column, may have."""
CLEAR_SHARE = 0.9
"""Share of a column's cells that must be of a kind for the others to be mistakes."""
SHORT_CELL = 40
"""Characters of a cell that an error shows."""


class ColumnKind(StrEnum):
    """How a column's cells are understood."""

    NUMBERS = "numbers"
    LISTS = "lists of numbers"
    WORD_LISTS = "lists of words"
    CATEGORIES = "categories"


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table; cells are floats, tuples of floats, tuples of words, or words, by its kind."""

    name: str
    kind: ColumnKind
    cells: tuple[Any, ...]

    @property
    def constant(self) -> bool:
        """Whether every row says the same."""
        return len(set(self.cells)) == 1

    @property
    def is_list(self) -> bool:
        """Whether a cell has one entry a layer."""
        return self.kind in (ColumnKind.LISTS, ColumnKind.WORD_LISTS)

    @property
    def levels(self) -> tuple[Any, ...]:
        """The different entries, sorted: of cells, or of the lists in them."""
        entries = (entry for cell in self.cells for entry in cell) if self.is_list else self.cells
        return tuple(sorted(set(entries)))


def read_column(name: str, raw: Sequence[Any], kind: ColumnKind | None = None) -> Column:
    """Understand a column; `kind` is what it is known to be.

    Raises:
        UserError: a cell is empty or of another kind than the others, or there are dates or too many words; names the row, from 1.
    """
    for row, cell in enumerate(raw, 1):
        if cells.missing(cell):
            raise UserError(f"Row {row} of column '{name}' is {_blank(cell)}; fill it or leave the row out.")
    if kind is None and cells.are_dates(raw):
        raise UserError(f"Column '{name}' holds dates, which say nothing of an architecture.")
    kind = kind or _kind(raw)
    if kind is ColumnKind.NUMBERS:
        return Column(name=name, kind=kind, cells=numbers(name, raw))
    if kind is ColumnKind.LISTS:
        return Column(name=name, kind=kind, cells=tuple(_list(name, row, cell) for row, cell in enumerate(raw, 1)))
    if kind is ColumnKind.WORD_LISTS:
        return Column(name=name, kind=kind, cells=tuple(cells.as_words(cell) for cell in raw))
    words = tuple(str(cell).strip() for cell in raw)
    if len(set(words)) > MOST_WORDS:
        raise UserError(
            f"Column '{name}' has {len(set(words)):,} different words in {len(words):,} rows; it is neither numbers, lists "
            f"nor up to {MOST_WORDS} categories."
        )
    return Column(name=name, kind=kind, cells=words)


def numbers(name: str, raw: Sequence[Any]) -> tuple[float, ...]:
    """The numbers of a column.

    Raises:
        UserError: a cell is empty or no finite number; names the row, from 1.
    """
    found = []
    for row, cell in enumerate(raw, 1):
        value = cells.as_number(cell)
        if cells.missing(cell) or value is None or abs(value) == float("inf"):
            said = _blank(cell) if cells.missing(cell) else f"'{_short(cell)}'"
            raise UserError(f"Row {row} of column '{name}' is {said} where a number is expected.")
        found.append(value)
    return tuple(found)


def _kind(raw: Sequence[Any]) -> ColumnKind:
    if all(cells.is_sequence(cell) for cell in raw):
        numeric = all(cells.as_numbers(cell) is not None for cell in raw)
        return ColumnKind.LISTS if numeric else ColumnKind.WORD_LISTS
    needed = CLEAR_SHARE * len(raw)
    single = sum(cells.as_number(cell) is not None for cell in raw)
    if single >= needed:
        several = any(cells.as_number(cell) is None and cells.as_numbers(cell) for cell in raw)
        return ColumnKind.LISTS if several else ColumnKind.NUMBERS
    if sum(cells.as_numbers(cell) is not None for cell in raw) >= needed:
        return ColumnKind.LISTS
    parts = [cells.as_words(cell) for cell in raw]
    words, whole = {part for each in parts for part in each}, {str(cell) for cell in raw}
    listed = sum(len(each) > 1 for each in parts) > len(raw) / 2
    return ColumnKind.WORD_LISTS if listed and len(words) <= min(MOST_WORDS, len(whole) - 1) else ColumnKind.CATEGORIES


def _list(name: str, row: int, cell: Any) -> tuple[float, ...]:
    found = cells.as_numbers(cell)
    if found is None:
        raise UserError(f"Row {row} of column '{name}' is '{_short(cell)}' where a list of numbers is expected.")
    return found


def _blank(cell: Any) -> str:
    text = cell.strip() if isinstance(cell, str) else ""
    return f"'{text}', which is no value" if text else "empty"


def _short(cell: Any) -> str:
    text = str(cell)
    return text if len(text) <= SHORT_CELL else f"{text[: SHORT_CELL - 3]}..."
