"""Devices and datasheets as lines and as JSON."""

from collections.abc import Iterator
from typing import Any

from paretoformer.hardware_models.datasheets.datasheet import Datasheet
from paretoformer.hardware_models.peaks import Peak, Peaks
from paretoformer.records.target import PRECISIONS

BUSY_CORES = 0.2
"""Foreign cores from which on peaks may be too low."""
_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"))


def peak_lines(peaks: Peaks) -> Iterator[str]:
    """A line for each rate."""
    for precision in PRECISIONS:
        if precision in peaks.macs_per_s:
            yield f"  peak {precision}: {_both(peaks.macs_per_s[precision], 'MAC/s', peaks.threads)}"
    yield f"  peak bandwidth: {_both(peaks.bytes_per_s, 'B/s', peaks.threads)}"
    if (foreign := peaks.conditions.get("foreign_cores", 0.0)) >= BUSY_CORES:
        yield f"  peaks were measured while others used {foreign:.1f} cores; probe again on a calm machine, the higher rates stay"


def datasheet_line(sheet: Datasheet) -> str:
    """Name, title and rates."""
    rates = [f"{precision} {rate(figure.value, 'MAC/s')}" for precision, figure in sheet.macs_per_s.items()]
    return f"{sheet.name}  {sheet.title}: {', '.join([*rates, rate(sheet.bandwidth_bytes_per_s.value, 'B/s')])}"


def datasheet_json(sheet: Datasheet) -> dict[str, Any]:
    """One entry of `"datasheets"`: every figure with its source."""
    return {"digest": sheet.digest, "provenance": "modelled", **sheet.to_json()}


def peaks_json(peaks: Peaks | None) -> dict[str, Any] | None:
    """What was measured, None where nothing was."""
    return None if peaks is None else {"provenance": "measured", **peaks.to_json()}


def rate(value: float, unit: str) -> str:
    """A rate in the largest prefix that leaves a digit before the point.

    >>> rate(24e9, "MAC/s"), rate(3.35e12, "B/s"), rate(1152e9, "MAC/s")
    ('24 GMAC/s', '3.35 TB/s', '1.15 TMAC/s')
    """
    factor, prefix = next((each for each in _PREFIXES if value >= each[0]), (1.0, ""))
    return f"{value / factor:.3g} {prefix}{unit}"


def _both(peak: Peak, unit: str, threads: int) -> str:
    if threads == 1:
        return rate(peak.all, unit)
    return f"{rate(peak.one, unit)} with 1 thread, {rate(peak.all, unit)} with {threads}"
