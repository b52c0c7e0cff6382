"""Rows of equal keys as a table."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from paretoformer.records.units import show


def listing_table(rows: Sequence[dict[str, Any]]) -> Table:
    """One column a key, long text folded."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for key in rows[0] if rows else ():
        table.add_column(key, no_wrap=key in ("name", "dimension"), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return show(value, "") if value < 1e12 else f"{value:.1e}"
    return "endless" if value is None else str(value)
