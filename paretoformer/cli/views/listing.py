"""Rows of equal keys as a table, or one below the other where a table would be too wide."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from paretoformer.cli.screen import PIPE_WIDTH
from paretoformer.records.units import show

WIDE = 5
"""Fields from which on folded columns are too narrow to read."""


def print_listing(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    """A column for each key; where that does not fit, a paragraph for each row."""
    table = _table(rows)
    needed = console.measure(table, options=console.options.update(width=PIPE_WIDTH)).maximum
    if needed <= console.width or len(rows[0]) < WIDE:
        console.print(table)
        return
    for row in rows:
        first, *rest = row.items()
        console.print(_cell(first[1]), style="bold")
        for key, value in rest:
            console.print(_paragraph(key, _cell(value)))


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for key in rows[0] if rows else ():
        table.add_column(key, no_wrap=key in ("name", "dimension"), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _paragraph(key: str, text: str) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=2)
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("", key, text)
    return grid


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return show(value, "") if value < 1e12 else f"{value:.1e}"
    return "endless" if value is None else str(value)
