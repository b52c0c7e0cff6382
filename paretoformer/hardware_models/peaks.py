"""What this machine's devices were measured to do at most, kept in the user's cache so that every command finds it."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from paretoformer.hardware_models.datasheets.catalogue import cache_folder
from paretoformer.hardware_models.rates import Rates
from paretoformer.records.errors import UserError

METHOD, METHOD_VERSION = "peaks", 1


@dataclass(frozen=True)
class Peak:
    """The best rate a second of one thread, and of all of them."""

    one: float
    all: float

    def at(self, share: float) -> float:
        """Between the two, in a straight line: 0 is one thread, 1 all."""
        return self.one + share * (self.all - self.one)

    def better(self, other: "Peak") -> "Peak":
        """The higher of each: what else runs can only take from a peak."""
        return Peak(max(self.one, other.one), max(self.all, other.all))


@dataclass(frozen=True, kw_only=True)
class Peaks:
    """Multiply-accumulates a second by precision and bytes a second of copying, of a device with `threads` threads.

    `device` is its digest. Products of large square matrices give the arithmetic, copies beyond the last cache, read and
    written bytes together, the bandwidth.
    """

    device: str
    threads: int
    macs_per_s: Mapping[str, Peak]
    bytes_per_s: Peak
    conditions: Mapping[str, Any] = field(default_factory=dict)

    def rates(self, threads: int) -> Rates:
        """With so many threads."""
        share = (threads - 1) / (self.threads - 1) if self.threads > 1 else 1.0
        return Rates(
            macs_per_s={name: peak.at(share) for name, peak in self.macs_per_s.items()},
            bytes_per_s=self.bytes_per_s.at(share),
            source={"peaks": self.device[:12], "peaks_version": METHOD_VERSION},
        )

    def better(self, other: "Peaks | None") -> "Peaks":
        """These, with each rate raised to that of an earlier measurement of the same device where that was higher."""
        if other is None or (other.device, other.threads) != (self.device, self.threads):
            return self
        rates = dict(self.macs_per_s)
        for name, peak in other.macs_per_s.items():
            rates[name] = rates[name].better(peak) if name in rates else peak
        return Peaks(
            device=self.device,
            threads=self.threads,
            macs_per_s=rates,
            bytes_per_s=self.bytes_per_s.better(other.bytes_per_s),
            conditions=self.conditions,
        )

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object that `from_json` reads back."""
        return {**asdict(self), "macs_per_s": {name: asdict(peak) for name, peak in self.macs_per_s.items()}}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Peaks":
        """Read what `to_json` wrote."""
        rates = {name: Peak(**peak) for name, peak in value["macs_per_s"].items()}
        return Peaks(**{**value, "macs_per_s": rates, "bytes_per_s": Peak(**value["bytes_per_s"])})


def known_peaks(device: str) -> Peaks | None:
    """The peaks of the device of that digest, None where they were not measured.

    Raises:
        UserError: the file that keeps them does not hold them any more.
    """
    path = _path(device)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return None
    try:
        return Peaks.from_json(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} holds no peaks ({error}); measure them anew: paretoformer devices probe.") from error


def keep_peaks(peaks: Peaks) -> None:
    """Keep them for every command of this user.

    Raises:
        UserError: they cannot be written.
    """
    path = _path(peaks.device)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=path.parent, suffix=".new", delete=False, encoding="utf-8") as copy:
            json.dump(peaks.to_json(), copy, indent=1)
        os.replace(copy.name, path)
    except OSError as error:
        raise UserError(f"The peaks cannot be kept in {path.parent}: {error.strerror}.") from error


def _path(device: str) -> Path:
    return cache_folder() / "peaks" / f"{device}.json"
