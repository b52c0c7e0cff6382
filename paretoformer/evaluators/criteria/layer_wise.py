"""The task's loss after every block, so that a model may end early."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from paretoformer.evaluators.criterion import Criterion, Objective, register_criterion
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.output_loss import OutputCriterion
from paretoformer.evaluators.task_loss import task_loss
from paretoformer.records.errors import UserError
from paretoformer.search_spaces.contract import Model

if TYPE_CHECKING:
    from paretoformer.evaluators.task import Task


@register_criterion("layer-wise", papers=(22,))
@dataclass(frozen=True, kw_only=True)
class LayerWise(Criterion):
    """The mean over depths of the task's own loss of what the one head makes of the state there.

    `weights` are equal, linear (block l of L counts l times), or last, which is the plain loss. They are divided by their
    sum, where paper 22 (section 3.3) adds the losses. A stack with an exit is trained whole.
    """

    weights: Literal["equal", "linear", "last"] = "equal"

    def problems(self, task: "Task") -> Iterator[str]:
        """The task's loss compares outputs with targets."""
        if task_loss(task) is None:
            yield f"criterion layer-wise has no loss for single outputs, and {task.name} gives {task.signature}"

    def bind(self, model: Model, task: "Task") -> "LayerWiseObjective":
        """A model that has outputs by depth.

        Raises:
            UserError: it has none.
        """
        if type(model).by_depth is Model.by_depth:
            raise UserError(
                f"The criterion layer-wise reads a model after each block, and topology {model.architecture.topology.choice} "
                "has no outputs there; use encoder, decoder or encoder-decoder."
            )
        loss = task_loss(task)
        assert loss is not None, "checked by problems"
        return LayerWiseObjective(self, model, loss)

    def of_depths(self, losses: Tensor) -> Tensor:
        """losses: (L,), the first block's first -> their weighted mean."""
        depth = torch.arange(1, len(losses) + 1, device=losses.device, dtype=losses.dtype)
        weights = {"equal": torch.ones_like(depth), "linear": depth, "last": (depth == len(losses)).to(depth)}
        chosen = weights[self.weights]
        return (losses * chosen).sum() / chosen.sum()


class LayerWiseObjective(Objective):
    """The module of `LayerWise`."""

    def __init__(self, criterion: LayerWise, model: Model, loss: OutputCriterion) -> None:
        super().__init__(model)
        self._criterion, self._loss = criterion, loss

    def forward(self, batch: Examples, generator: torch.Generator) -> Tensor:
        """The weighted mean."""
        outputs = self.model.by_depth(batch.inputs, batch.lengths, batch.source)
        return self._criterion.of_depths(torch.stack([self._loss.loss(each.float(), batch) for each in outputs]))
