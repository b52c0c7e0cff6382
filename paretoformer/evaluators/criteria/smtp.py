"""Naming tokens that are hidden, a share of them that is drawn anew for each example."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

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

_LEAST, _MOST = 0.01, 0.99


@register_criterion("smtp", papers=(3,))
@dataclass(frozen=True, kw_only=True)
class Smtp(Criterion):
    """Mean nats of naming the tokens that are hidden behind the task's mask: scheduled masked-token prediction.

    With t drawn alike from .01 to .99 for each example, the share that is hidden is 1 - t ** `power` where the schedule is
    linear, (1 + cos(pi t)) / 2 where it is cosine; `rate` where it is fixed. So many tokens, rounded up, are hidden: begin, end
    and padding never. `node_tied` takes all visits of a node of a graph as one, since one that is seen tells the others. An
    encoder of tokens names them by a head of the criterion's own. Source: paper 03, section (b).
    """

    schedule: Literal["linear", "cosine", "fixed"] = "linear"
    power: float = 1.0
    rate: float = 0.7
    node_tied: bool = True

    def __post_init__(self) -> None:
        if not self.power > 0:
            raise UserError(f"The option 'power' of criterion smtp is {self.power}; it must be above 0.")
        if not 0 < self.rate <= 1:
            raise UserError(f"The option 'rate' of criterion smtp is {self.rate}; it must be above 0 and at most 1.")

    def problems(self, task: "Task") -> Iterator[str]:
        """One text of tokens that is seen as a whole, a mask, and nodes where they are tied."""
        signature = task.signature
        if signature.source is not None or signature.causal or not isinstance(signature.input, TokenInput):
            yield f"criterion smtp needs one text of tokens that is seen as a whole, and {task.name} gives {signature}"
            return
        if task.symbols.mask is None:
            yield f"criterion smtp writes a mask, and {task.name} has no token for one"
        if self.node_tied and not isinstance(task, GraphTask):
            yield f"criterion smtp ties the visits of a node, and {task.name} has no nodes; use smtp:node_tied=false"

    def bind(self, model: Model, task: "Task") -> "SmtpObjective":
        """An encoder of tokens.

        Raises:
            UserError: the model is none.
        """
        if model.architecture.topology.decodes or type(model).states is Model.states:
            raise UserError(
                "The criterion smtp reads a text as a whole, and topology "
                f"{model.architecture.topology.choice} does not do that token by token; use topology encoder."
            )
        return SmtpObjective(self, model, task)

    def shares(self, drawn: Tensor) -> Tensor:
        """Numbers from 0 to 1 -> the shares that are hidden, of the same shape."""
        t = _LEAST + (_MOST - _LEAST) * drawn
        match self.schedule:
            case "linear":
                return 1 - t**self.power
            case "cosine":
                return (1 + torch.cos(math.pi * t)) / 2
            case "fixed":
                return torch.full_like(t, self.rate)

    def hidden(self, units: Tensor, generator: torch.Generator) -> Tensor:
        """Which tokens are hidden, (B, N) bool.

        Args:
            units: (B, N) long on the CPU, equal for tokens of a row that are hidden or shown together, -1 for what is never hidden.
            generator: on the CPU.
        """
        columns = int(units.max()) + 2  # the first is that of what is never hidden
        there = torch.zeros(len(units), columns, dtype=torch.bool).scatter_(1, units + 1, True)
        there[:, 0] = False
        counts = (self.shares(torch.rand(len(units), generator=generator)) * there.sum(1)).ceil()
        keys = torch.rand(there.shape, generator=generator).masked_fill(~there, 2.0)
        chosen = (keys.argsort(1).argsort(1) < counts[:, None]) & there
        return chosen.gather(1, units + 1)


class SmtpObjective(Objective):
    """The module of `Smtp`."""

    def __init__(self, criterion: Smtp, model: Model, task: "Task") -> None:
        super().__init__(model)
        assert isinstance(task.signature.input, TokenInput) and task.symbols.mask is not None, "checked by problems"
        self._criterion, self._task, self._mask = criterion, task, task.symbols.mask
        self.head = nn.Linear(model.architecture.stacks[-1].width, task.signature.input.vocabulary)

    def forward(self, batch: Examples, generator: torch.Generator) -> Tensor:
        """Cross-entropy at the masks; 0 where there is none."""
        hidden = self._criterion.hidden(self.units(batch).cpu(), generator).to(batch.inputs.device)
        scores = self.head(self.model.states(batch.inputs.masked_fill(hidden, self._mask), batch.lengths))
        targets = batch.inputs.masked_fill(~hidden, IGNORED)
        nats = cross_entropy(scores.float().flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum")
        return nats / hidden.sum().clamp_min(1)

    def units(self, batch: Examples) -> Tensor:
        """(B, N) long as `Smtp.hidden` takes them: the name of a node where visits are tied, else a number of its own."""
        inputs, symbols = batch.inputs, self._task.symbols
        places = torch.arange(inputs.shape[1], device=inputs.device)
        units = places.expand_as(inputs)
        if self._criterion.node_tied and isinstance(self._task, GraphTask):
            units = torch.where(self._task.form.are_names(inputs), inputs + len(places), units)
        never = torch.zeros_like(inputs, dtype=torch.bool)
        for symbol in (symbols.begin, symbols.end, symbols.padding):
            never |= inputs == (IGNORED if symbol is None else symbol)
        if batch.lengths is not None:
            never |= places >= batch.lengths[:, None]
        return units.masked_fill(never, -1)
