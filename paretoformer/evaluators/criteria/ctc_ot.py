"""Reading the text off the encoder's states of a series while they are drawn towards states of the text."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from paretoformer.evaluators.criteria.ctc import Ctc, CtcObjective
from paretoformer.evaluators.criterion import register_criterion
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.transport import sinkhorn_divergence
from paretoformer.records.errors import UserError
from paretoformer.search_spaces.contract import Model

if TYPE_CHECKING:
    from paretoformer.evaluators.task import Task


@register_criterion("ctc-ot", papers=(2,))
@dataclass(frozen=True, kw_only=True)
class CtcOt(Ctc):
    """Adds to `ctc` `beta` times the Sinkhorn divergence between the encoder's states and those of a text encoder.

    States are divided by the root of their width, and each is given its place, 0 at the first and `position_weight` at the last,
    as one coordinate more: the cost is half the squared distance. Each utterance has masses of its own, 1 in sum, and counts
    alike. `eps` and `iterations` are `sinkhorn_divergence`'s. The text encoder is the criterion's own; with `detach` it stays as
    it began. Source: paper 2, section 3.2, whose beta is 0.1 for states that are not divided; its eps is the default.
    """

    beta: float = 1.0
    position_weight: float = 1.0
    eps: float = 0.0025
    iterations: int = 20
    detach: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("beta", "position_weight"):
            if not getattr(self, name) >= 0:
                raise UserError(
                    f"The option '{name}' of criterion ctc-ot is {getattr(self, name)}; it must be at least 0."
                )
        if not self.eps > 0:
            raise UserError(f"The option 'eps' of criterion ctc-ot is {self.eps}; it must be above 0.")
        if self.iterations < 1:
            raise UserError(f"The option 'iterations' of criterion ctc-ot is {self.iterations}; it must be at least 1.")

    def bind(self, model: Model, task: "Task") -> "CtcOtObjective":
        """A model that has an encoder of its source.

        Raises:
            UserError: it has none.
        """
        super().bind(model, task)
        return CtcOtObjective(self, model, task)


class CtcOtObjective(CtcObjective):
    """The module of `CtcOt`."""

    def __init__(self, options: CtcOt, model: Model, task: "Task") -> None:
        super().__init__(options, model, task)
        self._options = options
        self.text_encoder = TextEncoder(self.blank, self.head.in_features, task.signature.input.length)  # type: ignore[union-attr]

    def forward(self, batch: Examples, generator: torch.Generator) -> Tensor:
        """The weighted sum."""
        assert batch.source is not None, "checked when it was bound"
        memory, (texts, lengths) = self.model.read_source(batch.source), self.texts(batch)
        read = torch.full_like(lengths, memory.tokens.shape[1]) if memory.lengths is None else memory.lengths
        apart = self.apart(memory.tokens.float(), read, texts, lengths)
        return self.of_memory(memory, texts, lengths) + self.of_decoder(batch) + self._options.beta * apart

    def apart(self, states: Tensor, read: Tensor, texts: Tensor, lengths: Tensor) -> Tensor:
        """The mean divergence; states (B, M, D) of which `read` (B,) are real, texts (B, T) of `lengths`."""
        written = self.text_encoder(texts.clamp_min(0), lengths).float()
        return divergence(states, read, written.detach() if self._options.detach else written, lengths, self._options)


class TextEncoder(nn.Module):
    """One bidirectional block of a transformer over ids, (B, T) -> (B, T, width)."""

    def __init__(self, vocabulary: int, width: int, length: int) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.block = nn.TransformerEncoderLayer(
            width, 1, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Tokens from `lengths` on are not read."""
        places = torch.arange(ids.shape[1], device=ids.device)
        padding = places >= lengths.clamp_min(1)[:, None]
        x = self.tokens(ids) + self.places(places)
        y: Tensor = self.norm(self.block(x, src_key_padding_mask=padding))
        return y


def divergence(x: Tensor, x_lengths: Tensor, y: Tensor, y_lengths: Tensor, options: CtcOt) -> Tensor:
    """The mean over a batch of the divergence between states (B, S, D) and (B, T, D) with their places."""
    apart = sinkhorn_divergence(
        _placed(x, x_lengths, options.position_weight),
        _placed(y, y_lengths, options.position_weight),
        _masses(x, x_lengths),
        _masses(y, y_lengths),
        eps=options.eps,
        iterations=options.iterations,
    )
    return apart.mean()


def _placed(states: Tensor, lengths: Tensor, weight: float) -> Tensor:
    """(B, N, D + 1): states a root of their width smaller, and their places from 0 to `weight`."""
    steps = torch.arange(states.shape[1], device=states.device)
    places = weight * steps / (lengths[:, None] - 1).clamp_min(1)
    return torch.cat((states / states.shape[-1] ** 0.5, places[..., None]), -1)


def _masses(states: Tensor, lengths: Tensor) -> Tensor:
    """(B, N), equal for the real ones; an empty sequence has its first."""
    lengths = lengths.clamp_min(1)[:, None]
    real = torch.arange(states.shape[1], device=states.device) < lengths
    return real / lengths
