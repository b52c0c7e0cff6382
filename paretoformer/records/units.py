"""Units that a user may write and that tables show; every stored value is in the base unit."""

import math
import re
from dataclasses import dataclass

from paretoformer.records.errors import UserError

SCALES: dict[str, tuple[str, float]] = {
    "s": ("s", 1.0), "ms": ("s", 1e-3), "us": ("s", 1e-6), "ns": ("s", 1e-9), "min": ("s", 60.0), "h": ("s", 3600.0),
    "J": ("J", 1.0), "mJ": ("J", 1e-3), "uJ": ("J", 1e-6), "nJ": ("J", 1e-9), "kJ": ("J", 1e3), "Wh": ("J", 3600.0),
    "B": ("B", 1.0), "kB": ("B", 1e3), "MB": ("B", 1e6), "GB": ("B", 1e9),
    "KiB": ("B", 2.0**10), "MiB": ("B", 2.0**20), "GiB": ("B", 2.0**30),
    "%": ("", 0.01), "k": ("", 1e3), "M": ("", 1e6), "G": ("", 1e9),
}  # fmt: skip
"""Unit as written: (base unit, factor)."""

_NUMBER = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)\s*([A-Za-z%]*)\s*")
_SHOWN = {"s": ("s", "ms", "us", "ns"), "J": ("J", "mJ", "uJ", "nJ"), "B": ("GB", "MB", "kB", "B"), "": ("G", "M", "k")}


@dataclass(frozen=True)
class Quantity:
    """A number with its base unit (`s`, `J`, `B`, or none for counts and fractions)."""

    value: float
    unit: str


def parse_quantity(text: str) -> Quantity:
    """Read `5ms`, `5 ms`, `2e6`, `95%` or `1.5 MiB`.

    Raises:
        UserError: not a number, one too large to be kept, or a unit that is not known.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise UserError(f"'{text}' is not a number with an optional unit, such as 5ms, 2e6 or 1.5MB.")
    number, unit = match.groups()
    if unit and unit not in SCALES:
        raise UserError(f"'{unit}' in '{text}' is not a unit; units: {', '.join(SCALES)}.")
    base, factor = SCALES[unit] if unit else ("", 1.0)
    value = float(number) * factor
    if not math.isfinite(value):
        raise UserError(f"'{text}' is too large to be a number here; the largest is about 1.8e308.")
    return Quantity(value, base)


def show(value: float, unit: str) -> str:
    """A value in the largest unit that leaves at least one digit before the point, three digits.

    >>> show(0.00123, "s"), show(12_345_678, ""), show(0.93, "fraction")
    ('1.23 ms', '12.3 M', '0.930')
    """
    if unit not in _SHOWN:
        return f"{value:.3f}" if unit == "fraction" else f"{value:.3f} {unit}".rstrip()
    if value == 0:
        return f"0 {unit}".rstrip()
    rounded = abs(float(f"{value:.3g}"))
    for name in _SHOWN[unit]:
        scaled = value / SCALES[name][1]
        if rounded >= SCALES[name][1]:
            return f"{scaled:.3g} {name}" if abs(scaled) < 1000 else f"{scaled:.0f} {name}"
    if unit == "":
        return f"{value:.0f}" if value == int(value) else f"{value:.3g}"
    return f"{value / SCALES[_SHOWN[unit][-1]][1]:.3g} {_SHOWN[unit][-1]}"
