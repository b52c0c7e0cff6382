"""Which columns of a table are what a model is given, and which what it is asked."""

from dataclasses import dataclass
from typing import Any

from paretoformer.evaluators.own_data.cells import number_of
from paretoformer.evaluators.own_data.rows import Columns
from paretoformer.records.errors import UserError

INPUTS, TARGETS = ("text", "series"), ("label", "value")
SEVERAL = "+"
"""Parts the names of several columns that are one role."""
MANY = 20
"""A column of numbers with more distinct ones than this is guessed to be a value, and no label."""


@dataclass(frozen=True, kw_only=True)
class ColumnChoice:
    """`given` is text or series, `asked` label or value; with each the columns that are it, one or several."""

    given: str
    given_columns: tuple[str, ...]
    asked: str
    asked_columns: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.given}={SEVERAL.join(self.given_columns)},{self.asked}={SEVERAL.join(self.asked_columns)}"


def choose_columns(what: str, table: Columns, columns: str | None) -> ColumnChoice:
    """Read `text=COLUMN,label=COLUMN`, or series for text and value for label, against the columns that are there.

    Args:
        what: names the table in sentences.
        table: its columns.
        columns: as the user wrote it.

    Raises:
        UserError: not given, not readable, a role too many or too few, or a column that is not there.
    """
    listed = f"its columns are {', '.join(table)}"
    example = f"--columns {_guess(table)}"
    if columns is None:
        raise UserError(f"'{what}' is a table, and {listed}; say which to use, as in {example}.")
    pairs = [part.partition("=") for part in columns.split(",")]
    chosen = {role.strip(): name.strip() for role, _, name in pairs}
    roles = tuple(role for kinds in (INPUTS, TARGETS) for role in kinds if role in chosen)
    if len(pairs) != len(chosen) or set(chosen) != set(roles) or len(roles) != 2 or roles[1] not in TARGETS:
        raise UserError(
            f"'{columns}' does not name one input (text or series) and one target (label or value); "
            f"write for example {example}."
        )
    given, asked = (_named(what, table, chosen[role]) for role in roles)
    for role, names in zip(roles, (given, asked), strict=True):
        if len(names) > 1 and role in ("text", "label"):
            raise UserError(f"'{columns}' has {len(names)} columns as {role}; a {role} is one column.")
    for name in set(given) & set(asked):
        raise UserError(f"'{columns}' uses '{name}' as {roles[0]} and as {roles[1]}; {listed}.")
    return ColumnChoice(given=roles[0], given_columns=given, asked=roles[1], asked_columns=asked)


def _named(what: str, table: Columns, text: str) -> tuple[str, ...]:
    names = (text,) if text in table else tuple(name.strip() for name in text.split(SEVERAL))
    for name in names:
        if name not in table:
            raise UserError(f"'{what}' has no column '{name}'; its columns are {', '.join(table)}.")
    return names


def _guess(table: Columns) -> ColumnChoice:
    """The column with the longest values as the input, or all columns of numbers where it is one; as the target that with the
    fewest distinct values among the others, the last of several.
    """
    words = [name for name in table if not _of_numbers(table[name])]
    longest = _longest(table, list(table))
    if longest not in words:
        asked = _fewest_distinct(table, list(table))
        given = tuple(name for name in table if name not in (asked, *words))
        if given:
            return _choice(table, "series", given, asked)
        longest = _longest(table, words or list(table))
    kind = "series" if isinstance(next(iter(table[longest]), None), list) or not words else "text"
    return _choice(table, kind, (longest,), _fewest_distinct(table, [name for name in table if name != longest]))


def _longest(table: Columns, names: list[str]) -> str:
    return max(names, key=lambda name: sum(len(str(value or "")) for value in table[name]))


def _choice(table: Columns, given: str, names: tuple[str, ...], asked: str) -> ColumnChoice:
    values = table.get(asked, [])
    many = _of_numbers(values) and len({str(value) for value in values}) > MANY
    return ColumnChoice(given=given, given_columns=names, asked="value" if many else "label", asked_columns=(asked,))


def _fewest_distinct(table: Columns, names: list[str]) -> str:
    return min(reversed(names), key=lambda name: len({str(value) for value in table[name]}), default="COLUMN")


def _of_numbers(values: list[Any]) -> bool:
    return all(number_of(value) is not None for value in values)
