"""Measurements as a table and as JSON: the whole record."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Table

from paretoformer.cli.figures import percent, with_interval
from paretoformer.hardware_models.throughput import throughput
from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.records.signature import Signature
from paretoformer.records.units import show

TIMES = ("latency", "first_token")
OF_THE_RATIO = "± of a latency is its ratio's alone; the reference: reference_visits_s"
"""What stands below a table with a measured latency."""


def measurement_json(each: Measurement, signature: Signature) -> dict[str, Any]:
    """One entry of `"measurements"`; with a latency, what the model of `signature` does in a second."""
    done = throughput(each, signature)
    return {
        "quantity": each.quantity,
        "target": each.target,
        "unit": each.unit,
        "value": each.value,
        "low": each.low,
        "high": each.high,
        "samples": list(each.samples),
        "spread": each.spread,
        "provenance": str(each.provenance),
        "method": each.made_by,
        "conditions": each.conditions,
        **({"per_second": {done.of: done.value}} if done else {}),
    }


def measurement_table(measurements: Sequence[Measurement], signature: Signature) -> Table:
    """Value, what it makes in a second, spread and where it comes from, a row each; the target is told where there are several.

    Below it stands whose the interval of a latency is.
    """
    several = len({each.target for each in measurements}) > 1
    timed = any(each.quantity in TIMES and each.provenance is Provenance.MEASURED for each in measurements)
    note = OF_THE_RATIO if timed else None
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold", caption=note, caption_justify="left")
    for name in ("quantity", "value", "a second", "spread", "samples", "from", "method"):
        right = name in ("value", "a second")
        table.add_column(name, no_wrap=name != "method", justify="right" if right else "left")
    if several:
        table.add_column("target", overflow="fold")
    for each in measurements:
        cells = [
            each.quantity + (" (noisy)" if each.noisy else ""),
            with_interval(each.value, each.low, each.high, each.unit),
            f"{show(done.value, '')} {done.of}" if (done := throughput(each, signature)) else "",
            "-" if each.spread is None else percent(each.spread),
            str(len(each.samples)),
            str(each.provenance),
            each.made_by,
        ]
        table.add_row(*cells, *([each.target] if several else []))
    return table


def condition_lines(measurements: Iterable[Measurement]) -> Iterable[str]:
    """Samples and conditions of each, a line each."""
    for each in measurements:
        yield f"{each.quantity} on {each.target}"
        yield f"  samples: {', '.join(show(sample, each.unit) for sample in each.samples)}"
        for name, value in each.conditions.items():
            yield f"  {name}: {_short(value)}"


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(_short(item) for item in value)
    if value == {}:
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(item)}" for key, item in value.items())
    return str(value)
