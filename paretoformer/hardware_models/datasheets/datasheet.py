"""A datasheet: nominal rates of a device, read from YAML and checked field by field."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from paretoformer.hardware_models.rates import Rates
from paretoformer.records.canonical import digest
from paretoformer.records.errors import UserError
from paretoformer.records.target import PRECISIONS

KINDS = ("cpu", "gpu")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_REQUIRED = ("name", "title", "kind", "cores", "macs_per_s", "bandwidth_bytes_per_s", "memory_bytes")
_FIELDS = (*_REQUIRED, "caches_bytes", "power_w")
_FIGURE = ("value", "source", "derived")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number above 0 with its source; `derived` says how it follows from what the source says, None where it stands there."""

    value: float
    source: str
    derived: str | None = None


@dataclass(frozen=True, kw_only=True)
class Datasheet:
    """What a device has and does at most. `cores` of a CPU are what threads share out, of a GPU its multiprocessors."""

    name: str
    title: str
    kind: str
    cores: Figure
    macs_per_s: Mapping[str, Figure]
    bandwidth_bytes_per_s: Figure
    memory_bytes: Figure
    caches_bytes: Mapping[str, Figure]
    power_w: Figure | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of its content."""
        return digest(self.to_json())

    @property
    def threads(self) -> int:
        """The most threads that a model runs with: the cores of a CPU; a GPU is driven by one."""
        return int(self.cores.value) if self.kind == "cpu" else 1

    def rates(self, threads: int) -> Rates:
        """With so many threads: of a CPU each core has its share of the arithmetic, and any number of them all bandwidth."""
        share = threads / self.threads
        return Rates(
            macs_per_s={name: share * figure.value for name, figure in self.macs_per_s.items()},
            bytes_per_s=self.bandwidth_bytes_per_s.value,
            source={"datasheet": self.name, "title": self.title},
        )

    def to_json(self) -> dict[str, Any]:
        """What `read_datasheet` takes."""
        value: dict[str, Any] = {"name": self.name, "title": self.title, "kind": self.kind}
        value |= {name: _plain(getattr(self, name)) for name in _FIELDS[3:] if getattr(self, name)}
        return value


def read_datasheet(value: Mapping[str, Any], where: str) -> Datasheet:
    """The datasheet that a mapping holds; `where` names the file in errors.

    Raises:
        UserError: a field is missing, unknown, or not what it should be; names it.
    """
    _only(value, _FIELDS, where, "a datasheet")
    for name in _REQUIRED:
        if name not in value:
            raise UserError(f"{where}: {name} is missing; a datasheet has {', '.join(_REQUIRED)}.")
    if not isinstance(value["name"], str) or not NAME.fullmatch(value["name"]):
        raise UserError(
            f"{where}: name is {value['name']!r}, and it must begin with a letter and have letters, digits, - and _."
        )
    if value["kind"] not in KINDS:
        raise UserError(f"{where}: kind is {value['kind']!r}, and it must be {' or '.join(KINDS)}.")
    rates = _figures(value["macs_per_s"], f"{where}: macs_per_s")
    _only(rates, PRECISIONS, f"{where}: macs_per_s", "the rates; they are by precision")
    if not rates:
        raise UserError(
            f"{where}: macs_per_s is empty, and at least one precision has a rate; precisions: {', '.join(PRECISIONS)}."
        )
    cores = _figure(value["cores"], f"{where}: cores")
    if not cores.value.is_integer():
        raise UserError(f"{where}: cores is {cores.value:g}, and it must be a whole number.")
    return Datasheet(
        name=value["name"],
        title=_text(value["title"], f"{where}: title"),
        kind=value["kind"],
        cores=cores,
        macs_per_s=rates,
        bandwidth_bytes_per_s=_figure(value["bandwidth_bytes_per_s"], f"{where}: bandwidth_bytes_per_s"),
        memory_bytes=_figure(value["memory_bytes"], f"{where}: memory_bytes"),
        caches_bytes=_figures(value.get("caches_bytes", {}), f"{where}: caches_bytes"),
        power_w=_figure(value["power_w"], f"{where}: power_w") if "power_w" in value else None,
    )


def _figures(value: Any, where: str) -> dict[str, Figure]:
    if not isinstance(value, Mapping):
        raise UserError(f"{where} is {value!r}, and it must be a mapping of names to figures.")
    return {str(name): _figure(figure, f"{where}.{name}") for name, figure in value.items()}


def _figure(value: Any, where: str) -> Figure:
    if not isinstance(value, Mapping) or "value" not in value or "source" not in value:
        raise UserError(f"{where} is {value!r}, and it must be a figure with a value and its source.")
    _only(value, _FIGURE, where, "a figure")
    number = value["value"]
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise UserError(f"{where} is {number!r}, and it must be a number.")
    if number <= 0:
        raise UserError(f"{where} is {number:g}, and it must be above 0.")
    derived = value.get("derived")
    return Figure(
        value=float(number),
        source=_text(value["source"], f"{where}.source"),
        derived=None if derived is None else _text(derived, f"{where}.derived"),
    )


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UserError(f"{where} is {value!r}, and it must be text.")
    return value


def _only(value: Mapping[str, Any], fields: tuple[str, ...], where: str, of: str) -> None:
    for name in value:
        if name not in fields:
            raise UserError(f"{where}: '{name}' is not a field of {of}; fields: {', '.join(fields)}.")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(figure) for name, figure in value.items()}
    plain = {"value": value.value, "source": value.source}
    return plain if value.derived is None else {**plain, "derived": value.derived}
