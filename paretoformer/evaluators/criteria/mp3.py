"""Telling where each token stands, when nothing but the tokens says so."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from paretoformer.evaluators.criterion import Criterion, Objective, register_criterion
from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.unplaced import knows_order, unplaced_stack
from paretoformer.records.errors import UserError
from paretoformer.search_spaces.contract import Model, auxiliary_loss
from paretoformer.search_spaces.single_stack import SingleStack

if TYPE_CHECKING:
    from paretoformer.evaluators.task import Task


@register_criterion("mp3", papers=(29,))
@dataclass(frozen=True, kw_only=True)
class Mp3(Criterion):
    """Mean nats of naming each token's own place, without positions and with the keys of a share 1 - `eta` of the tokens.

    Those are drawn for each example, at least one, and are the same in all layers; the rest ask and are not read. Stem, blocks and
    norms are the model's own and its positions are left out, those of branches too; the head is the criterion's. Equal
    tokens cannot be told apart, so that blank patches keep the loss above 0. Source: paper 29, section 3.
    """

    eta: float = 0.75

    def __post_init__(self) -> None:
        if not 0 <= self.eta < 1:
            raise UserError(f"The option 'eta' of criterion mp3 is {self.eta}; it must be at least 0 and below 1.")

    def problems(self, task: "Task") -> Iterator[str]:
        """One input, seen as a whole."""
        if task.signature.source is not None or task.signature.causal:
            yield f"criterion mp3 needs one input that is seen as a whole, and {task.name} gives {task.signature}"

    def bind(self, model: Model, task: "Task") -> "Mp3Objective":
        """An encoder of one stack whose mixers read a set of tokens.

        Raises:
            UserError: it is none, or its stem or mixers know the order without positions.
        """
        if not isinstance(model, SingleStack) or model.causal:
            raise UserError(
                "The criterion mp3 trains one stack in which all tokens see each other, and topology "
                f"{model.architecture.topology.choice} has none; use encoder."
            )
        stem = model.architecture.stem
        if getattr(stem, "kernel", None) not in (None, getattr(stem, "size", None)):
            raise UserError(
                "The criterion mp3 needs patches that do not overlap, since the zeros around an image tell the place, and "
                f"the stem has a kernel of {getattr(stem, 'kernel', None)}; use a kernel as wide as the patch."
            )
        stack = unplaced_stack(model)
        if knows_order(stack, model.architecture.stacks[0].width, _tokens(model)):
            mixers = ", ".join(dict.fromkeys(model.architecture.mixers()))
            raise UserError(
                "The criterion mp3 asks where tokens stand, and something in this model knows it without positions, of its mixers "
                f"({mixers}) or norms; use mixers that read a set, as softmax and linear do, alone."
            )
        return Mp3Objective(self, model, stack)


class Mp3Objective(Objective):
    """The module of `Mp3`."""

    def __init__(self, criterion: Mp3, model: SingleStack, stack: nn.Module) -> None:
        super().__init__(model)
        self._eta, self._stack = criterion.eta, (stack,)  # its parameters are the model's
        self.head = nn.Linear(model.architecture.stacks[0].width, _tokens(model))

    def forward(self, batch: Examples, generator: torch.Generator) -> Tensor:
        """Cross-entropy over all valid tokens."""
        model, stack = self.model, self._stack[0].train(self.model.training)
        assert isinstance(model, SingleStack), "checked when it was bound"
        x, lengths = model.stem(batch.inputs), model.stem.lengths(batch.lengths)
        places, read = (part.to(x.device) for part in drawn_order(x.shape[:2], lengths, self._eta, generator))
        x = x.gather(1, places.clamp_min(0)[..., None].expand_as(x))
        own = 0 if model.summary is None else len(model.summary)
        if model.summary is not None:
            x = torch.cat((model.summary.expand(len(x), -1, -1), x), 1)
        scores = self.head(stack(x, read + own)[:, own:]).float().flatten(0, 1)
        loss, more = cross_entropy(scores, places.flatten(), ignore_index=IGNORED), auxiliary_loss(stack)
        return loss if more is None else loss + more


def drawn_order(
    shape: torch.Size, lengths: Tensor | None, eta: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Which token stands at each place, (B, N) long with -100 for padding, and how many from the first are read, (B,), on the CPU.

    Args:
        shape: (B, N).
        lengths: valid tokens, (B,); all without it.
        eta: share that is not read.
        generator: on the CPU.
    """
    count = torch.full((shape[0],), shape[1]) if lengths is None else lengths.cpu()
    valid = torch.arange(shape[1]) < count[:, None]
    order = torch.rand(shape, generator=generator).masked_fill(~valid, 2.0).argsort(1)
    read = (count * (1 - eta)).round().long().clamp_min(1)
    return order.masked_fill(~valid, IGNORED), read


def _tokens(model: SingleStack) -> int:
    return model.architecture.stem.tokens(model.signature.input)
