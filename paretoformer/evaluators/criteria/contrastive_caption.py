"""Matching texts to their sources and writing the texts, at once."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from paretoformer.evaluators.criterion import Criterion, Objective, register_criterion
from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.records.errors import UserError
from paretoformer.records.signature import TokenOutput
from paretoformer.search_spaces.contract import Model, PairModel

if TYPE_CHECKING:
    from paretoformer.evaluators.task import Task

_FIRST_TEMPERATURE = 0.07
_LARGEST_SCALE = 100.0


@register_criterion("contrastive-caption", papers=(1,))
@dataclass(frozen=True, kw_only=True)
class ContrastiveCaption(Criterion):
    """`contrastive` times the loss of matching plus `caption` times the cross-entropy of the next token.

    Source: paper 1, section 3.2; its weights are the defaults.
    """

    contrastive: float = 1.0
    caption: float = 2.0

    def __post_init__(self) -> None:
        for name, weight in (("contrastive", self.contrastive), ("caption", self.caption)):
            if not weight >= 0:
                raise UserError(
                    f"The option '{name}' of criterion contrastive-caption is {weight}; it must be at least 0."
                )
        if self.contrastive == self.caption == 0:
            raise UserError(
                "Both weights of criterion contrastive-caption are 0; give one of them at least a small one."
            )

    def problems(self, task: "Task") -> Iterator[str]:
        """Texts are written beside a source."""
        if task.signature.source is None or not isinstance(task.signature.output, TokenOutput):
            yield (
                "criterion contrastive-caption compares a source and the text that is written beside it, and "
                f"{task.name} gives {task.signature}"
            )

    def bind(self, model: Model, task: "Task") -> "ContrastiveCaptionObjective":
        """A model of two towers.

        Raises:
            UserError: the model gives no vectors of text and source.
        """
        if not isinstance(model, PairModel):
            raise UserError(
                "The criterion contrastive-caption compares a vector of the text with one of the source, and this topology "
                "gives none; use topology dual, or cross-entropy."
            )
        return ContrastiveCaptionObjective(self, model)


class ContrastiveCaptionObjective(Objective):
    """The module of `ContrastiveCaption`: both terms in one pass, with a temperature of its own that is trained."""

    def __init__(self, weights: ContrastiveCaption, model: PairModel) -> None:
        super().__init__(model)
        self._weights = weights
        self.log_scale = nn.Parameter(torch.tensor(-math.log(_FIRST_TEMPERATURE)))

    def forward(self, batch: Examples, generator: torch.Generator) -> Tensor:
        """The weighted sum; a term without weight is left out."""
        model, source = self.model, batch.source
        assert isinstance(model, PairModel) and source is not None, "checked when it was bound"
        pair, terms = model.pair(batch.inputs, batch.lengths, source), []
        if self._weights.contrastive:
            scale = self.log_scale.exp().clamp_max(_LARGEST_SCALE)
            terms.append(self._weights.contrastive * contrastive_loss(pair.text, pair.source, scale, batch.targets))
        if self._weights.caption:
            rows = pair.logits.float().flatten(0, 1)
            terms.append(self._weights.caption * cross_entropy(rows, batch.targets.flatten(), ignore_index=IGNORED))
        return torch.stack(terms).sum()


def contrastive_loss(text: Tensor, source: Tensor, scale: Tensor, captions: Tensor) -> Tensor:
    """Symmetric cross-entropy of which source belongs to which text, in nats.

    Equal captions in a batch have equal vectors, so that all their sources are right in equal parts.

    Args:
        text, source: vectors (B, D), pair by pair.
        scale: by which their cosines are multiplied, one over the temperature.
        captions: (B, N), equal rows for equal captions.
    """
    with torch.autocast(text.device.type, enabled=False):
        near = scale * normalize(text.float(), dim=-1) @ normalize(source.float(), dim=-1).T  # (B, B)
    same = (captions[:, None] == captions[None]).all(-1).float()
    wanted = same / same.sum(1, keepdim=True)
    return (cross_entropy(near, wanted) + cross_entropy(near.T, wanted)) / 2
