"""Figures in words: values with their uncertainty, durations, repeated names."""

from collections.abc import Iterable
from itertools import groupby

from paretoformer.records.units import show

FRACTIONS = ("fraction",)
"""Units whose uncertainty is told in the unit itself; others in per cent of the value."""


def with_interval(value: float, low: float, high: float, unit: str) -> str:
    """A value with half its interval.

    >>> with_interval(0.953, 0.938, 0.968, "fraction"), with_interval(3.7e-4, 3.63e-4, 3.78e-4, "s")
    ('0.953 ± 0.015', '370 us ± 2 %')
    """
    half = (high - low) / 2
    if half <= 0:
        return show(value, unit)
    if unit not in ("s", "J", "B", ""):
        return f"{value:.3f} ± {half:.3f}{'' if unit in FRACTIONS else f' {unit}'}"
    return f"{show(value, unit)} ± {percent(100 * half / abs(value))}" if value else show(value, unit)


def with_error(value: float, error: float, runs: int, unit: str) -> str:
    """A mean over runs with its standard error.

    >>> with_error(0.9123, 0.0041, 3, "fraction")
    '0.912 ± 0.004 (3 runs)'
    """
    return f"{with_interval(value, value - error, value + error, unit)} ({runs} runs)"


def percent(value: float) -> str:
    """A percentage with the digits that matter.

    >>> percent(0.04), percent(2.31), percent(31.7)
    ('0.04 %', '2.3 %', '32 %')
    """
    return f"{value:.2g} %" if value < 10 else f"{value:.0f} %"


def duration(seconds: float) -> str:
    """Seconds as people say them.

    >>> duration(4.2), duration(95), duration(7_500), duration(200_000)
    ('4.2 s', '1 min 35 s', '2 h 5 min', '2 d 7 h')
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    for large, small, factor, unit in (("min", "s", 60, 1), ("h", "min", 3600, 60), ("d", "h", 86_400, 3600)):
        if whole < factor * (24 if large == "h" else 60) or large == "d":
            rest = whole % factor // unit
            return f"{whole // factor} {large}{f' {rest} {small}' if rest else ''}"
    raise AssertionError("the last unit has no end")


def repeated(names: Iterable[str]) -> str:
    """Names in order, neighbours that are equal counted.

    >>> repeated(["softmax", "linear", "linear"])
    'softmax, linear x2'
    """
    runs = [(name, len(list(group))) for name, group in groupby(names)]
    return ", ".join(name if count == 1 else f"{name} x{count}" for name, count in runs)
