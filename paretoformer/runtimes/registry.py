"""All runtimes, found by importing the files of this folder."""

from collections.abc import Callable

from paretoformer.records.registry import Registry
from paretoformer.runtimes.base import Runtime

_RUNTIMES: Registry[Runtime] = Registry("runtime", "paretoformer.runtimes")


def register_runtime(name: str) -> Callable[[type[Runtime]], type[Runtime]]:
    """Class decorator that makes a runtime known by its name.

    Raises:
        ValueError: the name is taken.
    """

    def add(runtime: type[Runtime]) -> type[Runtime]:
        runtime.name = name
        _RUNTIMES.add(name, runtime())
        return runtime

    return add


def runtime_names() -> tuple[str, ...]:
    """Names of the runtimes that this version has."""
    return _RUNTIMES.names()


def runtime(name: str) -> Runtime:
    """One runtime.

    Raises:
        UserError: there is none of that name; lists the names.
    """
    return _RUNTIMES.get(name)
