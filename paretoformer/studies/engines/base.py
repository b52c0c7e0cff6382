"""The contract of an engine, and where engines are registered."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from paretoformer.records.registry import Registry
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
_ENGINES: Registry[type[Engine]] = Registry("engine", "paretoformer.studies.engines")


def register_engine(name: str) -> Callable[[type[E]], type[E]]:
    """Class decorator that makes an engine known by `name`.

    Raises:
        ValueError: the name is taken.
    """

    def add(cls: type[E]) -> type[E]:
        cls.name = name
        _ENGINES.add(name, cls)
        return cls

    return add


def engines() -> dict[str, type[Engine]]:
    """Engine class by name."""
    return dict(zip(_ENGINES.names(), _ENGINES.all(), strict=True))


def engine(name: str) -> type[Engine]:
    """The engine of that name.

    Raises:
        UserError: there is none; lists the names.
    """
    return _ENGINES.get(name)
