"""Which columns of a table are the text and the label."""

from dataclasses import dataclass
from pathlib import Path

from paretoformer.evaluators.own_data.rows import Columns
from paretoformer.records.errors import UserError

ROLES = ("text", "label")


@dataclass(frozen=True, kw_only=True)
class ColumnChoice:
    """Names of the two columns."""

    text: str
    label: str

    def __str__(self) -> str:
        return f"text={self.text},label={self.label}"


def choose_columns(path: Path, table: Columns, columns: str | None) -> ColumnChoice:
    """Read `text=COLUMN,label=COLUMN` against the columns that are there.

    Raises:
        UserError: not given, not readable, a role too many or too few, or a column that is not there.
    """
    listed = f"its columns are {', '.join(table)}"
    example = f"--columns {_guess(table)}"
    if columns is None:
        raise UserError(f"'{path}' is a table, and {listed}; say which to use, as in {example}.")
    pairs = [part.partition("=") for part in columns.split(",")]
    chosen = {role.strip(): name.strip() for role, _, name in pairs}
    if len(pairs) != len(ROLES) or set(chosen) != set(ROLES):
        raise UserError(f"'{columns}' does not name one text and one label column; write for example {example}.")
    for name in chosen.values():
        if name not in table:
            raise UserError(f"'{path}' has no column '{name}'; {listed}.")
    if chosen["text"] == chosen["label"]:
        raise UserError(f"'{columns}' uses '{chosen['text']}' as text and as label; {listed}.")
    return ColumnChoice(text=chosen["text"], label=chosen["label"])


def _guess(table: Columns) -> ColumnChoice:
    """The column with the longest values as the text, the one with the fewest distinct values as the label."""
    text = max(table, key=lambda name: sum(len(value or "") for value in table[name]))
    label = min((name for name in table if name != text), key=lambda name: len(set(table[name])), default="COLUMN")
    return ColumnChoice(text=text, label=label)
