"""All formats, found by importing the folder they stand in."""

from collections.abc import Callable

from paretoformer.export.format import Format
from paretoformer.records.registry import Registry

_FORMATS: Registry[Format] = Registry("format", "paretoformer.export.formats")


def register_format(name: str) -> Callable[[type[Format]], type[Format]]:
    """Class decorator that makes a format known by its name, which is also the name of its sub-folder.

    Raises:
        ValueError: the name is taken.
    """

    def add(kind: type[Format]) -> type[Format]:
        kind.name = name
        _FORMATS.add(name, kind())
        return kind

    return add


def format_names() -> tuple[str, ...]:
    """Names of the formats, sorted."""
    return _FORMATS.names()


def export_format(name: str) -> Format:
    """One format.

    Raises:
        UserError: there is none of that name; lists the names.
    """
    return _FORMATS.get(name)
