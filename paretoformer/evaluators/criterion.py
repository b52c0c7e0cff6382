"""Criteria: what training minimises, found by importing their folder."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

import torch
from torch import Tensor, nn

from paretoformer.evaluators.examples import Examples
from paretoformer.records.options import read_options, split_name
from paretoformer.records.registry import Registry
from paretoformer.search_spaces.contract import Model

if TYPE_CHECKING:
    from paretoformer.evaluators.task import Task


class Objective(nn.Module, ABC):
    """A criterion bound to a model. Parameters of its own are trained beside the model's and dropped afterwards."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._held = (model,)  # in a tuple, so that the model's parameters are not this module's

    @property
    def model(self) -> Model:
        """What is trained."""
        return self._held[0]

    @abstractmethod
    def forward(self, batch: Examples, generator: torch.Generator) -> Tensor:
        """A scalar loss, a mean over what is asked; whatever is drawn comes from `generator`, which lies on the CPU."""


@dataclass(frozen=True, kw_only=True)
class Criterion(ABC):
    """What training minimises; the fields are its options, written `denoise:noise=infilling,rate=0.3`."""

    name: ClassVar[str]
    papers: ClassVar[tuple[int, ...]]

    def problems(self, task: "Task") -> Iterator[str]:
        """Sentences without a full stop that say why it cannot train on the task; none where it can."""
        return iter(())

    def pinned(self) -> Self:
        """The same with what it reads from elsewhere named by its hash, so that equal options are equal training."""
        return self

    @abstractmethod
    def bind(self, model: Model, task: "Task") -> Objective:
        """The loss of this model.

        Raises:
            UserError: the model's topology cannot serve it.
        """


C = TypeVar("C", bound=Criterion)
_CRITERIA: Registry[type[Criterion]] = Registry("criterion", "paretoformer.evaluators.criteria", plural="criteria")


def register_criterion(name: str, *, papers: tuple[int, ...] = ()) -> Callable[[type[C]], type[C]]:
    """Class decorator that gives a criterion its name.

    Raises:
        ValueError: the name is taken.
    """

    def add(kind: type[C]) -> type[C]:
        kind.name, kind.papers = name, papers
        _CRITERIA.add(name, kind)
        return kind

    return add


def criterion_names() -> tuple[str, ...]:
    """Every criterion's name, sorted."""
    return _CRITERIA.names()


def criterion_class(name: str) -> type[Criterion]:
    """The class of a criterion.

    Raises:
        UserError: there is none of that name; lists the names.
    """
    return _CRITERIA.get(name)


def criterion(text: str) -> Criterion:
    """A criterion from its name, with options or without.

    Raises:
        UserError: there is none of that name, or no such option or value; lists what there is.
    """
    name, given = split_name(text)
    return read_options(criterion_class(name), f"criterion {name}", given)
