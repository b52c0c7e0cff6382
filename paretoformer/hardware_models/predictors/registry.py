"""All predictors, found by importing the files of this folder."""

from typing import TypeVar

from paretoformer.hardware_models.predictors.contract import Predictor
from paretoformer.records.registry import Registry

P = TypeVar("P", bound=Predictor)

_PREDICTORS: Registry[type[Predictor]] = Registry("predictor", "paretoformer.hardware_models.predictors")


def register_predictor(predictor: type[P]) -> type[P]:
    """Class decorator that makes a predictor known by its name.

    Raises:
        ValueError: the name is taken.
    """
    _PREDICTORS.add(predictor.name, predictor)
    return predictor


def predictors(*, baseline: bool | None = None) -> tuple[type[Predictor], ...]:
    """Every predictor by name; only baselines, or only others, where that is asked."""
    return tuple(each for each in _PREDICTORS.all() if baseline is None or each.baseline is baseline)


def predictor(name: str) -> type[Predictor]:
    """One predictor.

    Raises:
        UserError: there is none of that name; lists the names.
    """
    return _PREDICTORS.get(name)
