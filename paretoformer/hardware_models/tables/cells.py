"""What single cells of a table say: a number, a list of numbers, a list of words, a word, or nothing."""

import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
MISSING = ("", "nan", "NaN", "NA", "N/A", "null")
"""How an empty cell is written; `none` is a word, which operations are called by."""
_PLAIN = re.compile(r"[\s,;|+\[\](){}'\"]+")
_TIGHT = re.compile(r"[-_/:x]")


def missing(cell: Any) -> bool:
    """Whether nothing stands there."""
    if cell is None or isinstance(cell, float) and math.isnan(cell):
        return True
    return isinstance(cell, str) and cell.strip() in MISSING


def as_number(cell: Any) -> float | None:
    """The number that a cell is, None if it is none; truth is 1 or 0."""
    if isinstance(cell, str):
        text = cell.strip()
        return float(text) if NUMBER.fullmatch(text) else None
    if is_sequence(cell):
        return None
    try:
        return float(cell)
    except (TypeError, ValueError):
        return None


def as_numbers(cell: Any) -> tuple[float, ...] | None:
    """The list of numbers that a cell is: `8-4-8`, `8,4,8`, `[8, 4, 8]`, `3x3`, one number, or a list of Parquet."""
    parts = number_parts(cell)
    if not (parts or is_sequence(cell)) or not all(NUMBER.fullmatch(part) for part in parts):
        return None
    return tuple(float(part) for part in parts)


def as_words(cell: Any) -> tuple[str, ...]:
    """The words of a cell: `conv-attention`, `|conv~0|+|pool~0|`, `[conv, pool]`."""
    if is_sequence(cell):
        return tuple(str(part) for part in cell)
    text = str(cell).strip()
    parts = _PLAIN.split(text) if _PLAIN.search(text) else text.split("-")
    return tuple(part for part in parts if part)


def number_parts(cell: Any) -> tuple[str, ...]:
    """The parts of a cell where a list of numbers is expected, whatever they are."""
    if is_sequence(cell):
        return tuple(str(part) for part in cell)
    text = str(cell).strip()
    if as_number(cell) is not None:
        return (text,)
    parts = _PLAIN.split(text) if _PLAIN.search(text) else _TIGHT.split(text)
    return tuple(part for part in parts if part)


def are_dates(cells: Sequence[Any]) -> bool:
    """Whether all begin with a date as ISO 8601 writes it; lists of numbers have no leading zeros."""
    texts = [str(cell).strip() for cell in cells]
    return all(map(_is_date, texts)) and any("-0" in text for text in texts)


def is_sequence(cell: Any) -> bool:
    """Whether a cell is a list already, as Parquet and Python give it."""
    return not isinstance(cell, str) and (
        isinstance(cell, Sequence) or hasattr(cell, "__array__") and hasattr(cell, "__len__")
    )


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "-" in text
