"""Stored studies as rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table

from paretoformer.records.trial import TrialState
from paretoformer.store.rows import LiveTrial, StudyRow


def study_json(row: StudyRow, states: Mapping[TrialState, int], live: Sequence[LiveTrial]) -> dict[str, Any]:
    """One entry of `"studies"`; `handed_back` are those of its live trials that no worker has, and the next one takes up."""
    task = row.spec.get("task", {})
    return {
        "study": row.name,
        "state": str(row.state),
        "task": task.get("task") or task.get("path"),
        "space": row.spec.get("space", {}).get("name"),
        "objectives": row.spec.get("objectives"),
        "trials": row.trials,
        "states": {str(state): number for state, number in states.items() if number},
        "handed_back": sum(trial.owner is None for trial in live),
        "created": moment(row.created),
    }


def study_table(rows: Sequence[dict[str, Any]]) -> Table:
    """A row for each."""
    names = ("study", "state", "task", "space", "objectives", "trials", "created")
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        states = ", ".join(f"{number} {state}" for state, number in row["states"].items())
        states += f"; {row['handed_back']} handed back" if row["handed_back"] else ""
        told = {**row, "trials": f"{row['trials']}{f' ({states})' if states else ''}"}
        table.add_row(*(str(told[name]) for name in names))
    return table


def moment(seconds: float) -> str:
    """A wall-clock time in this machine's time zone."""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(sep=" ", timespec="minutes")
