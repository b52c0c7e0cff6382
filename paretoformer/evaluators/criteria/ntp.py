"""Naming the next token of what is read, before a task is learned from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from paretoformer.evaluators.criterion import Criterion, Objective, register_criterion
from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.graphs.task import GraphTask
from paretoformer.records.errors import UserError
from paretoformer.records.signature import TokenInput
from paretoformer.search_spaces.contract import Model

if TYPE_CHECKING:
    from paretoformer.evaluators.task import Task


@register_criterion("ntp", papers=(3,))
@dataclass(frozen=True, kw_only=True)
class Ntp(Criterion):
    """Mean nats of the next token of the input, whatever the task asks of it.

    A causal model of tokens names it by a head of the criterion's own. Where nodes of a graph have random names, a node that was not
    visited before is one more token, NEW, since nothing tells its name. Source: paper 03, section (b).
    """

    def problems(self, task: "Task") -> Iterator[str]:
        """One text of tokens."""
        if task.signature.source is not None or not isinstance(task.signature.input, TokenInput):
            yield f"criterion ntp needs one text of tokens, and {task.name} gives {task.signature}"

    def bind(self, model: Model, task: "Task") -> "NtpObjective":
        """A decoder of tokens.

        Raises:
            UserError: the model is none.
        """
        if not model.architecture.topology.decodes or type(model).states is Model.states:
            raise UserError(
                "The criterion ntp needs a model in which no token knows a later one, and topology "
                f"{model.architecture.topology.choice} is none; use topology decoder."
            )
        return NtpObjective(model, task)


class NtpObjective(Objective):
    """The module of `Ntp`."""

    def __init__(self, model: Model, task: "Task") -> None:
        super().__init__(model)
        assert isinstance(task.signature.input, TokenInput), "checked by problems"
        self._new = task.signature.input.vocabulary
        self._form = task.form if isinstance(task, GraphTask) and task.form.reindex == "random" else None
        self.head = nn.Linear(model.architecture.stacks[-1].width, self._new + 1)

    def forward(self, batch: Examples, generator: torch.Generator) -> Tensor:
        """Cross-entropy at all tokens but the last; 0 where there is one alone."""
        targets = self.targets(batch)
        scores = self.head(self.model.states(batch.inputs, batch.lengths)).float()
        nats = cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum")
        return nats / (targets != IGNORED).sum().clamp_min(1)

    def targets(self, batch: Examples) -> Tensor:
        """(B, N) long, -100 at the last token and at padding."""
        inputs = batch.inputs
        named = (
            inputs
            if self._form is None
            else inputs.masked_fill(self._form.are_names(inputs) & _first(inputs), self._new)
        )
        following = torch.cat((named[:, 1:], named.new_full((len(named), 1), IGNORED)), 1)
        if batch.lengths is None:
            return following
        places = torch.arange(1, inputs.shape[1] + 1, device=inputs.device)
        return following.masked_fill(places >= batch.lengths[:, None], IGNORED)


def _first(inputs: Tensor) -> Tensor:
    """Which tokens stand nowhere before in their row, (B, N) bool."""
    equal = inputs[:, :, None] == inputs[:, None]
    return ~equal.tril(-1).any(2)
