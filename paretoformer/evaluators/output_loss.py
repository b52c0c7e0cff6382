"""Criteria that compare what a model gives with the targets, and need nothing else."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from paretoformer.evaluators.criterion import Criterion, Objective
from paretoformer.evaluators.examples import Examples
from paretoformer.search_spaces.contract import Model

if TYPE_CHECKING:
    from paretoformer.evaluators.task import Task


@dataclass(frozen=True, kw_only=True)
class OutputCriterion(Criterion):
    """A loss of outputs and targets alone."""

    @abstractmethod
    def loss(self, outputs: Tensor, examples: Examples) -> Tensor:
        """outputs: in fp32, as the signature says -> a scalar."""

    def bind(self, model: Model, task: "Task") -> "OutputObjective":
        """Any model that serves the task."""
        return OutputObjective(self, model)


class OutputObjective(Objective):
    """The module of `OutputCriterion`."""

    def __init__(self, criterion: OutputCriterion, model: Model) -> None:
        super().__init__(model)
        self._criterion = criterion

    def forward(self, batch: Examples, generator: torch.Generator) -> Tensor:
        """The loss of the model's answer to the batch."""
        outputs = self.model(batch.inputs, batch.lengths, batch.source)
        return self._criterion.loss(outputs.float(), batch)
