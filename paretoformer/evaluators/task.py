"""The contract of a task: data, metrics and a signature."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.metric import Metric
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature


@dataclass(frozen=True, kw_only=True)
class About:
    """What `list tasks` says of a task. `baseline` is a sentence with a figure and what reached it."""

    title: str
    data: str
    licence: str
    baseline: str
    papers: tuple[int, ...] = ()


class Task(ABC):
    """Data with a fixed split, metrics (the first is the default objective), a signature and a default recipe.

    Opening a task reads its data; equal `spec` and `data_hash` give the same examples on every machine.
    """

    name: str
    about: About
    metrics: tuple[Metric, ...]
    signature: Signature
    recipe: Recipe
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

    def metric(self, name: str) -> Metric:
        """The metric of that name; KeyError if it is not the task's."""
        return next(metric for metric in self.metrics if metric.name == name)
