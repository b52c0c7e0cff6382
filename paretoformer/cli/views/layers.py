"""Counts part by part, as a table and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from paretoformer.records.target import Target
from paretoformer.records.units import show
from paretoformer.search_spaces.layer_count import LayerCount

_COUNTS = {"params": "", "macs": ""}
_BYTES = ("weight_bytes", "activation_bytes", "state_bytes", "state_read_bytes", "state_written_bytes")
_UNITS = {**_COUNTS, **dict.fromkeys(_BYTES, "B")}


def layers_json(target: Target, parts: Sequence[LayerCount]) -> dict[str, Any]:
    """One entry of `"layers"`."""
    return {
        "target": str(target),
        "of": _of(target),
        "provenance": "counted",
        "parts": [asdict(part) for part in parts],
    }


def layers_tables(parts: Mapping[Target, Sequence[LayerCount]]) -> Iterator[Table]:
    """The table of each target, once where several have the same: a runtime or a device changes no count."""
    seen = set()
    for target, each in parts.items():
        shown = (_title(target), tuple(each))
        if shown not in seen:
            seen.add(shown)
            yield _table(*shown)


def _title(target: Target) -> str:
    return f"{_of(target)}, bytes in {target.precision} (counted)"


def _table(title: str, parts: Sequence[LayerCount]) -> Table:
    """A row for each part and one for their sum; columns that are 0 throughout are left out."""
    sums = {name: sum(getattr(part, name) for part in parts) for name in _UNITS}
    shown = [name for name in _UNITS if sums[name]]
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold", title=title, title_justify="left")
    for name in ("stack", "layer", "part", "choice"):
        table.add_column(name, no_wrap=True, justify="right" if name == "layer" else "left")
    for name in shown:
        table.add_column(name.removesuffix("_bytes").replace("_", " "), justify="right", no_wrap=True)
    for part in parts:
        numbers = [show(getattr(part, name), _UNITS[name]) for name in shown]
        table.add_row(part.stack or "", str(part.layer or ""), part.part, part.choice, *numbers)
    table.add_row("all", "", "", "", *(show(sums[name], _UNITS[name]) for name in shown), style="bold")
    return table


def _of(target: Target) -> str:
    workload = target.workload
    assert workload
    if workload.kind == "prefill":
        return f"one input of {workload}"
    return f"one token of {workload}, the first after the context"
