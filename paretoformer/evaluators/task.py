"""The contract of a task: data, metrics and a signature."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.symbols import Symbols
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature


@dataclass(frozen=True, kw_only=True)
class About:
    """What `list tasks` says of a task. `baseline` is a sentence with a figure and what reached it; `package` names the data
    that `data add` fetches, where a task reads such.
    """

    title: str
    data: str
    licence: str
    baseline: str
    papers: tuple[int, ...] = ()
    package: str | None = None


class Task(ABC):
    """Data with a fixed split, metrics (the first is the default objective), a signature and a default recipe.

    A class may have an `Options` dataclass, opened from `name:option=value`; its `name` is then that text, with options at
    their defaults left out.

    Opening a task reads its data; equal `spec` and `data_hash` give the same examples on every machine.
    """

    Options: ClassVar[type[Any] | None] = None
    name: str
    about: About
    metrics: tuple[Metric, ...]
    signature: Signature
    recipe: Recipe
    symbols: Symbols = Symbols()
    data_hash: str
    """SHA-256 of the data as read, before splitting."""

    @property
    @abstractmethod
    def spec(self) -> dict[str, Any]:
        """Plain JSON from which `open_task` opens it again."""

    @abstractmethod
    def examples(self, split: Split) -> Examples:
        """All examples of a split, always the same ones in the same order."""

    @abstractmethod
    def constant_scores(self) -> dict[str, float]:
        """By metric, the validation score of the best answer that ignores the input."""

    def text(self, ids: Sequence[int]) -> str:
        """What token ids say, where they say something; symbols are left out."""
        raise NotImplementedError(f"the tokens of {self.name} are not text")

    def metric(self, name: str) -> Metric:
        """The metric of that name; KeyError if it is not the task's."""
        return next(metric for metric in self.metrics if metric.name == name)
