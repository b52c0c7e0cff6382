"""Reading the text off the encoder's states of a series, frame by frame."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, ctc_loss

from paretoformer.evaluators.criterion import Criterion, Objective, register_criterion
from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.records.errors import UserError
from paretoformer.records.signature import SeriesInput, TokenOutput
from paretoformer.search_spaces.contract import Memory, Model

if TYPE_CHECKING:
    from paretoformer.evaluators.task import Task


@register_criterion("ctc", papers=(2,))
@dataclass(frozen=True, kw_only=True)
class Ctc(Criterion):
    """`weight` times the CTC loss of the encoder's states plus `cross_entropy` times the decoder's of the next token.

    Both are nats a token of the text. The CTC head is the criterion's own, with a blank behind the vocabulary; a text that its
    series is too short for counts 0. To train the encoder alone before the decoder, as paper 2 does, pre-train with
    `ctc:cross_entropy=0`. Source: Graves et al. 2006; paper 2, section 3.1.
    """

    weight: float = 1.0
    cross_entropy: float = 1.0

    def __post_init__(self) -> None:
        for name, weight in (("weight", self.weight), ("cross_entropy", self.cross_entropy)):
            if not weight >= 0:
                raise UserError(f"The option '{name}' of criterion {self.name} is {weight}; it must be at least 0.")

    def problems(self, task: "Task") -> Iterator[str]:
        """Tokens are written beside a series."""
        if not isinstance(task.signature.source, SeriesInput) or not isinstance(task.signature.output, TokenOutput):
            yield (
                f"criterion {self.name} reads a text off a series that stands beside it, and {task.name} gives "
                f"{task.signature}"
            )

    def bind(self, model: Model, task: "Task") -> "CtcObjective":
        """A model that has an encoder of its source.

        Raises:
            UserError: it has none.
        """
        if type(model).read_source is Model.read_source:
            raise UserError(
                f"The criterion {self.name} reads an encoder of the source, and this topology has none; use encoder-decoder."
            )
        return CtcObjective(self, model, task)


class CtcObjective(Objective):
    """The module of `Ctc`."""

    def __init__(self, weights: Ctc, model: Model, task: "Task") -> None:
        super().__init__(model)
        self._weights, self._end, self.blank = weights, task.symbols.end, task.signature.output.columns
        self.head = nn.Linear(model.architecture.stack("encoder").width, self.blank + 1)

    def forward(self, batch: Examples, generator: torch.Generator) -> Tensor:
        """The weighted sum."""
        assert batch.source is not None, "checked when it was bound"
        memory = self.model.read_source(batch.source)
        return self.of_memory(memory, *self.texts(batch)) + self.of_decoder(batch)

    def of_memory(self, memory: Memory, texts: Tensor, lengths: Tensor) -> Tensor:
        """CTC by its weight; memory (B, M, D), texts (B, T) and their lengths (B,)."""
        return self._weights.weight * text_loss(self.head(memory.tokens), memory.lengths, texts, lengths)

    def of_decoder(self, batch: Examples) -> Tensor:
        """Cross-entropy by its weight; without one the decoder does not run."""
        if not self._weights.cross_entropy:
            return batch.targets.new_zeros((), dtype=torch.float)
        rows = self.model(batch.inputs, batch.lengths, batch.source).float().flatten(0, 1)
        return self._weights.cross_entropy * cross_entropy(rows, batch.targets.flatten(), ignore_index=IGNORED)

    def texts(self, batch: Examples) -> tuple[Tensor, Tensor]:
        """The tokens that are asked, without the end, (B, T) moved to the left, and how many each has, (B,)."""
        kept = batch.targets != IGNORED
        if self._end is not None:
            kept &= batch.targets != self._end
        order = (~kept).int().argsort(dim=1, stable=True)
        return batch.targets.gather(1, order), kept.sum(1)


def text_loss(scores: Tensor, lengths: Tensor | None, texts: Tensor, text_lengths: Tensor) -> Tensor:
    """Nats a token that all alignments of the texts to the frames need together; the last score is that of the blank.

    Args:
        scores: (B, M, vocabulary + 1) before softmax.
        lengths: frames of each series, (B,); all without it.
        texts: ids (B, T); what stands behind a text does not matter.
        text_lengths: (B,).
    """
    chances = scores.float().log_softmax(-1).transpose(0, 1)  # (M, B, vocabulary + 1)
    if lengths is None:
        lengths = torch.full_like(text_lengths, scores.shape[1])
    blank = scores.shape[-1] - 1
    nats = ctc_loss(
        chances, texts.clamp_min(0), lengths, text_lengths, blank=blank, reduction="none", zero_infinity=True
    )
    return nats.sum() / text_lengths.sum().clamp_min(1)
