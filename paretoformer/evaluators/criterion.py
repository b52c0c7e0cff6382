"""Criteria: what training minimises, found by importing their folder."""

from collections.abc import Callable

from torch import Tensor

from paretoformer.evaluators.examples import Examples
from paretoformer.records.registry import Registry

IGNORED = -100
"""The target where nothing is asked."""

Criterion = Callable[[Tensor, Examples], Tensor]
"""From a model's outputs and the batch that it was given to a scalar loss, a mean over what is asked."""

_CRITERIA: Registry[Criterion] = Registry("criterion", "paretoformer.evaluators.criteria", plural="criteria")


def register_criterion(name: str) -> Callable[[Criterion], Criterion]:
    """Function decorator that makes a loss a criterion.

    Raises:
        ValueError: the name is taken.
    """

    def add(loss: Criterion) -> Criterion:
        _CRITERIA.add(name, loss)
        return loss

    return add


def criterion_names() -> tuple[str, ...]:
    """Every criterion's name, sorted."""
    return _CRITERIA.names()


def criterion(name: str) -> Criterion:
    """One criterion.

    Raises:
        UserError: there is none of that name; lists the names.
    """
    return _CRITERIA.get(name)
