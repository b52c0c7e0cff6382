"""The contract of an engine, and where engines are registered."""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, TypeVar

from paretoformer.records.errors import unknown
from paretoformer.records.trial import Outcome, Point
from paretoformer.search_spaces.space import SearchSpace


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What an engine is made for: a space, the number of objectives (all to be lowered) and the study's seed."""

    space: SearchSpace
    objectives: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A full point of the flat box, and what the engine wants to find again with the trial's outcome."""

    point: Point
    memo: dict[str, Any] | None = None


class Engine(ABC):
    """Proposes points and learns from their ends.

    `ask` is a pure function of the problem, its arguments and the outcomes told before, so that any worker can
    repeat any proposal. Outcomes are told in the order in which they were committed.
    """

    name: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, problem: Problem) -> None:
        self.problem = problem

    @abstractmethod
    def tell(self, outcome: Outcome) -> None:
        """Learn how a trial ended."""

    @abstractmethod
    def ask(self, number: int, attempt: int = 0) -> Proposal:
        """Propose a point for trial `number`; another `attempt` gives another point."""


E = TypeVar("E", bound=Engine)
_ENGINES: dict[str, type[Engine]] = {}


def register_engine(name: str) -> Callable[[type[E]], type[E]]:
    """Class decorator that makes an engine known by `name`."""

    def add(cls: type[E]) -> type[E]:
        if name in _ENGINES:
            raise ValueError(f"engine {name} is registered twice")
        cls.name = name
        _ENGINES[name] = cls
        return cls

    return add


@cache
def _load() -> None:
    package = importlib.import_module("paretoformer.studies.engines")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def engines() -> dict[str, type[Engine]]:
    """Engine class by name."""
    _load()
    return dict(sorted(_ENGINES.items()))


def engine(name: str) -> type[Engine]:
    """The engine of that name.

    Raises:
        UserError: there is none; lists the names.
    """
    if name not in engines():
        raise unknown("engine", name, engines())
    return engines()[name]
