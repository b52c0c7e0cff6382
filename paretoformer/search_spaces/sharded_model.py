"""A softmax model too long for one device, of which every process runs its own tokens."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch._compile import _disable_dynamo

from paretoformer.kernels.distributed_attention import Algorithm, Order, Shards, attend_shards
from paretoformer.kernels.distributed_attention.exchange import Exchange
from paretoformer.kernels.sharding import sharded_softmax
from paretoformer.records.errors import UserError
from paretoformer.records.signature import TokenInput
from paretoformer.search_spaces.architecture import Architecture, Branch
from paretoformer.search_spaces.contract import Auxiliary, Capability, Context, Model
from paretoformer.search_spaces.mixers.softmax import SoftmaxConfig
from paretoformer.search_spaces.parts.batch_normalisation import BatchNormalisation
from paretoformer.search_spaces.single_stack import SingleStack

UNSPLIT = frozenset({Capability.SCORE_BIAS, Capability.WEIGHTS})
"""Positions that act on scores or weights of tokens that lie on two ranks."""


class ShardedModel(nn.Module):
    """An encoder or decoder of softmax attention that answers for each token, over the ranks of an exchange.

    Outputs are the rank's rows of what the model gives for the whole sequence. A parameter's gradient is the rank's share:
    the sum over ranks is the whole one. In every process of a torch.distributed group:

        sharded = ShardedModel(model, GroupExchange())
        logits = sharded(sharded.shards.take(ids, sharded.exchange.rank, 1))

    Raises:
        UserError: something beside softmax attention mixes tokens; one sentence names it all.
    """

    def __init__(
        self, model: Model, exchange: Exchange, *, order: Order = Order.ZIGZAG, algorithm: Algorithm = Algorithm.RING
    ) -> None:
        super().__init__()
        problems = tuple(_problems(model))
        if problems:
            raise UserError(f"this model cannot be run over several ranks: {'; '.join(problems)}.")
        assert isinstance(model, SingleStack)
        self.model, self.exchange = model, exchange
        self.shards, self.algorithm = Shards(ranks=exchange.ranks, order=order), algorithm

    @_disable_dynamo
    def forward(self, inputs: Tensor) -> Tensor:
        """ids (B, n), the tokens that `shards.take` gives this rank -> (B, n, columns).

        Raises:
            UserError: while it trains, a part takes statistics of the tokens of its own rank.
        """
        taken = [
            type(part).__name__ for part in self.model.modules() if isinstance(part, BatchNormalisation | Auxiliary)
        ]
        if self.training and taken:
            raise UserError(
                f"{taken[0]} takes statistics of all tokens while it trains; only evaluate over several ranks."
            )
        stack, length = self.model.stack, inputs.shape[1]
        places = self.shards.places(self.exchange.rank, length, inputs.device)
        context = _Placed(causal=stack.causal, offset=(self.shards.ranks - 1) * length, places=places)
        attend = partial(attend_shards, exchange=self.exchange, order=self.shards.order, algorithm=self.algorithm)
        with sharded_softmax(attend):
            x = stack.run(stack.place(self.model.stem(inputs), context), context)
        y: Tensor = self.model.head(stack.close(x, context))
        return y


@dataclass(frozen=True, kw_only=True)
class _Placed(Context):
    """The context of tokens that do not follow each other; with its offset the last token of all is counted."""

    places: Tensor

    def positions(self, length: int, device: torch.device) -> Tensor:
        """Those of the rank's tokens."""
        return self.places.to(device)

    @property
    def first(self) -> int | None:
        """They do not follow each other."""
        return None


def _problems(model: Model) -> Iterator[str]:
    """What would make a rank's tokens differ from those of the whole model."""
    if not isinstance(model, SingleStack) or model.whole or model.summary is not None:
        yield "it is no encoder or decoder that answers for each token"
        return
    if not isinstance(model.signature.input, TokenInput):
        yield "its input is not tokens"
    yield from _stack_problems(model.architecture)


def _stack_problems(architecture: Architecture) -> Iterator[str]:
    stack = architecture.stacks[0]
    if stack.exit.choice.name != "none":
        yield f"exit {stack.exit.choice.name} looks at all tokens"
    positions = (stack.position, *(branch.position for branch in stack.branches))
    bodies = dict.fromkeys(sentence for branch in stack.branches for sentence in _branch_problems(branch))
    yield from bodies
    for name in sorted({each.choice.name for each in positions if each and UNSPLIT & each.choice.capabilities}):
        yield f"position {name} acts on scores"


def _branch_problems(branch: Branch) -> Iterator[str]:
    for part in branch.parts:
        if not isinstance(part, SoftmaxConfig) and Capability.TOKEN_LOCAL not in part.choice.capabilities:
            yield f"{part.choice.kind} {part.choice.name} mixes tokens"
