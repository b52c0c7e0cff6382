"""What a device does at most in a second."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Multiply-accumulates a second by precision, and bytes a second to and from memory, with so many threads.

    `source` is plain JSON that says where they come from, for a measurement's conditions.
    """

    macs_per_s: Mapping[str, float]
    bytes_per_s: float
    source: Mapping[str, Any]
