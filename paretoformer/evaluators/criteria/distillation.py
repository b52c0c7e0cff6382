"""Answering as a trained model does."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import kl_div

from paretoformer.evaluators.criterion import Criterion, Objective, register_criterion
from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.output_loss import OutputCriterion
from paretoformer.evaluators.stored_model import StoredModel, load_stored, read_stored, weights_hash
from paretoformer.evaluators.task_loss import task_loss
from paretoformer.records.errors import UserError
from paretoformer.records.signature import ClassOutput, LabelOutput, Signature, TokenInput, TokenOutput
from paretoformer.search_spaces.contract import Model

if TYPE_CHECKING:
    from paretoformer.evaluators.task import Task


@register_criterion("distillation", papers=(28,))
@dataclass(frozen=True, kw_only=True)
class Distillation(Criterion):
    """`alpha` times the divergence from a teacher's answers plus 1 - `alpha` times the task's own loss, nats a target that asks.

    The divergence is t^2 KL(teacher || model) of both answers at `temperature` t. `teacher` is the folder of an export to
    safetensors, of whatever topology: one of the task's signature, or, where the task has a source, a decoder of the same
    kind of tokens, which is given the source and then the input as one sequence and read at the input's places; where
    vocabularies differ, answers are compared on the ids that both have. `sha256` is that of the teacher's weights, which a study
    writes down. The targets are the task's and not drawn from the
    model. Source: paper 28, its published trainer.
    """

    teacher: str = ""
    temperature: float = 1.0
    alpha: float = 0.9
    sha256: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.alpha <= 1:
            raise UserError(f"The option 'alpha' of criterion distillation is {self.alpha}; it lies between 0 and 1.")
        if not self.temperature > 0:
            raise UserError(
                f"The option 'temperature' of criterion distillation is {self.temperature}; it must be above 0."
            )

    def problems(self, task: "Task") -> Iterator[str]:
        """Answers are chances, and there is a teacher that gives the same kind.

        Raises:
            UserError: the teacher's files are not there or describe no model.
        """
        signature = task.signature
        if not isinstance(signature.output, ClassOutput | LabelOutput | TokenOutput):
            yield f"criterion distillation compares chances of classes or tokens, and {task.name} gives {signature}"
        elif not self.teacher:
            yield "criterion distillation needs the folder of an exported model; write distillation:teacher=FOLDER"
        else:
            stored = read_stored(Path(self.teacher))
            if stored.signature != signature and not _goes_on(stored.signature, signature):
                yield f"the teacher in '{self.teacher}' reads {stored.signature}, and {task.name} gives {signature}"
            if self.sha256 and self.sha256 != weights_hash(stored):
                yield (
                    f"the teacher in '{self.teacher}' has weights of the hash {weights_hash(stored)[:12]}, and was asked for with "
                    f"{self.sha256[:12]}"
                )

    def pinned(self) -> "Distillation":
        """With the whole path of the teacher and the hash of its weights."""
        folder = Path(self.teacher).resolve()
        return replace(self, teacher=str(folder), sha256=weights_hash(read_stored(folder)))

    def bind(self, model: Model, task: "Task") -> "DistillationObjective":
        """Any model that serves the task.

        Raises:
            UserError: the teacher's weights are not there or do not fit.
        """
        loss = task_loss(task)
        assert loss is not None, "checked by problems"
        return DistillationObjective(self, model, read_stored(Path(self.teacher)), loss)


class DistillationObjective(Objective):
    """The module of `Distillation`; the teacher is not trained and not part of it."""

    def __init__(self, options: Distillation, model: Model, stored: StoredModel, loss: OutputCriterion) -> None:
        super().__init__(model)
        self._options, self._loss = options, loss
        self._one_sequence = stored.signature != model.signature
        self._teacher = (load_stored(stored).to(next(model.parameters()).device),)

    def forward(self, batch: Examples, generator: torch.Generator) -> Tensor:
        """The weighted sum; a term without weight is left out."""
        outputs, alpha = self.model(batch.inputs, batch.lengths, batch.source).float(), self._options.alpha
        own = self._loss.loss(outputs, batch) if alpha < 1 else outputs.new_zeros(())
        return alpha * self.apart(outputs, batch) + (1 - alpha) * own if alpha else own

    def apart(self, outputs: Tensor, batch: Examples) -> Tensor:
        """The divergence from the teacher of outputs (B, classes) or (B, N, classes), a mean over targets that ask."""
        asked = (batch.targets != IGNORED).flatten()
        both = (self.answers(batch).flatten(0, -2)[asked], outputs.flatten(0, -2)[asked])
        common = min(rows.shape[-1] for rows in both)
        temperature = self._options.temperature
        wanted, given = ((rows[:, :common] / temperature).log_softmax(-1) for rows in both)
        return temperature**2 * kl_div(given, wanted, reduction="sum", log_target=True) / asked.sum().clamp_min(1)

    @torch.no_grad()
    def answers(self, batch: Examples) -> Tensor:
        """What the teacher says where the model is asked."""
        (teacher,) = self._teacher
        if not self._one_sequence:
            return teacher(batch.inputs, batch.lengths, batch.source).float()
        sequence, begins = after_source(batch)
        rows: Tensor = teacher(sequence).float()
        places = begins[:, None] + torch.arange(batch.inputs.shape[1], device=begins.device)
        return rows.gather(1, places[..., None].expand(-1, -1, rows.shape[-1]))


def after_source(batch: Examples) -> tuple[Tensor, Tensor]:
    """Valid tokens of the source and then the input as one sequence, (B, M + N), and where the input begins, (B,).

    A causal model reads nothing of what stands behind a token, so that what fills a short sequence up is never seen.
    """
    assert batch.source is not None, "checked by problems"
    read, lengths = batch.source.inputs, batch.source.lengths
    begins = torch.full_like(read[:, 0], read.shape[1]) if lengths is None else lengths
    whole = torch.cat((read, batch.inputs), 1)
    places = torch.arange(whole.shape[1], device=whole.device).expand_as(whole)
    begun = places - begins[:, None]
    return whole.gather(
        1, torch.where(begun < 0, places, (begun + read.shape[1]).clamp_max(whole.shape[1] - 1))
    ), begins


def _goes_on(teacher: Signature, signature: Signature) -> bool:
    """Whether such a teacher reads the source and then the input as one sequence that is long enough."""
    given, source = signature.input, signature.source
    return (
        teacher.source is None
        and isinstance(teacher.input, TokenInput)
        and isinstance(teacher.output, TokenOutput)
        and isinstance(given, TokenInput)
        and isinstance(source, TokenInput)
        and teacher.input.length >= source.length + given.length
        and teacher.input.vocabulary >= max(given.vocabulary, source.vocabulary)
    )
