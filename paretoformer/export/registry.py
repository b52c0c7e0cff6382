"""All formats, found by importing the folder they stand in."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

from paretoformer.export.format import Format
from paretoformer.records.errors import unknown

_FORMATS: dict[str, Format] = {}


def register_format(name: str) -> Callable[[type[Format]], type[Format]]:
    """Class decorator that makes a format known by its name, which is also the name of its sub-folder.

    Raises:
        ValueError: the name is taken.
    """

    def add(kind: type[Format]) -> type[Format]:
        if name in _FORMATS:
            raise ValueError(f"format {name} is registered twice: {type(_FORMATS[name])} and {kind}")
        kind.name = name
        _FORMATS[name] = kind()
        return kind

    return add


@cache
def _load() -> None:
    package = importlib.import_module("paretoformer.export.formats")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def format_names() -> tuple[str, ...]:
    """Names of the formats, sorted."""
    _load()
    return tuple(sorted(_FORMATS))


def export_format(name: str) -> Format:
    """One format.

    Raises:
        UserError: there is none of that name; lists the names.
    """
    _load()
    if name not in _FORMATS:
        raise unknown("format", name, _FORMATS)
    return _FORMATS[name]
