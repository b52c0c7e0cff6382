"""All runtimes, found by importing the files of this folder."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

from paretoformer import runtimes
from paretoformer.records.errors import unknown
from paretoformer.runtimes.base import Runtime

_RUNTIMES: dict[str, Runtime] = {}


def register_runtime(name: str) -> Callable[[type[Runtime]], type[Runtime]]:
    """Class decorator that makes a runtime known by its name.

    Raises:
        ValueError: the name is taken.
    """

    def add(runtime: type[Runtime]) -> type[Runtime]:
        if name in _RUNTIMES:
            raise ValueError(f"runtime {name} is registered twice: {type(_RUNTIMES[name])} and {runtime}")
        runtime.name = name
        _RUNTIMES[name] = runtime()
        return runtime

    return add


@cache
def _load() -> None:
    for module in pkgutil.iter_modules(runtimes.__path__):
        importlib.import_module(f"{runtimes.__name__}.{module.name}")


def runtime_names() -> tuple[str, ...]:
    """Names of the runtimes that this version has."""
    _load()
    return tuple(sorted(_RUNTIMES))


def runtime(name: str) -> Runtime:
    """One runtime.

    Raises:
        UserError: there is none of that name; lists the names.
    """
    _load()
    if name not in _RUNTIMES:
        raise unknown("runtime", name, _RUNTIMES)
    return _RUNTIMES[name]
