"""Criteria: what training minimises, found by importing their folder."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

from torch import Tensor

from paretoformer.evaluators.examples import Examples
from paretoformer.records.errors import UserError

IGNORED = -100
"""The target where nothing is asked."""

Criterion = Callable[[Tensor, Examples], Tensor]
"""From a model's outputs and the batch that it was given to a scalar loss, a mean over what is asked."""

_CRITERIA: dict[str, Criterion] = {}


def register_criterion(name: str) -> Callable[[Criterion], Criterion]:
    """Function decorator that makes a loss a criterion.

    Raises:
        ValueError: the name is taken.
    """

    def add(loss: Criterion) -> Criterion:
        if name in _CRITERIA:
            raise ValueError(f"criterion {name} is registered twice: {_CRITERIA[name]} and {loss}")
        _CRITERIA[name] = loss
        return loss

    return add


@cache
def _load() -> None:
    package = importlib.import_module("paretoformer.evaluators.criteria")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def criterion_names() -> tuple[str, ...]:
    """Every criterion's name, sorted."""
    _load()
    return tuple(sorted(_CRITERIA))


def criterion(name: str) -> Criterion:
    """One criterion.

    Raises:
        UserError: there is none of that name; lists the names.
    """
    if name not in criterion_names():
        raise UserError(f"'{name}' is not a criterion; criteria: {', '.join(criterion_names())}.")
    return _CRITERIA[name]
