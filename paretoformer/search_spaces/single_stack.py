"""What encoder and decoder share: stem, one stack, one linear head."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from paretoformer.records.signature import DenseOutput, ImageInput, Signature
from paretoformer.search_spaces.contract import Model, Site, Source, StackRun, TopologyConfig
from paretoformer.search_spaces.heads import asked, last_valid, mean_of_valid, tied
from paretoformer.search_spaces.stack import StackModule, StackState

if TYPE_CHECKING:
    from paretoformer.search_spaces.architecture import Architecture


@dataclass(frozen=True, kw_only=True)
class SingleStackConfig(TopologyConfig):
    """A topology of one stack, named as the topology is."""

    @property
    def stack_name(self) -> str:
        """The one stack."""
        return next(iter(self.roles))

    @property
    def summary_tokens(self) -> int:
        """Tokens of its own that stand before those of the stem."""
        return 0

    def signature_problems(self, signature: Signature) -> Iterator[str]:
        """It reads one input and answers for all of it or for each token; a topology adds what else it cannot serve."""
        yield from source_problems(self, signature)
        if isinstance(signature.output, DenseOutput):
            name = self.choice.name
            yield f"topology {name} answers for an input or its tokens, and the task asks for numbers a pixel; use siamese"
        elif isinstance(signature.input, ImageInput) and not signature.whole:
            yield f"topology {self.choice.name} answers for whole images, and the task gives {signature}"

    def stack_problems(self, architecture: "Architecture", signature: Signature) -> Iterator[str]:
        """A source has no stem, and where each step is asked for something, each is a token."""
        if architecture.source is not None:
            yield f"topology {self.choice.name} reads no source, and the architecture has a stem for one; leave it out"
        yield from step_problems(architecture, signature)

    def sites(self, architecture: "Architecture", signature: Signature) -> dict[str, Site]:
        """The stack's site: the stem's tokens and grid at the stack's width."""
        stack, stem = architecture.stack(self.stack_name), architecture.stem
        causal = self.roles[self.stack_name].causal
        return {
            stack.name: Site(
                width=stack.width,
                length=stem.tokens(signature.input) + self.summary_tokens,
                causal=causal,
                grid=None if causal or self.summary_tokens else stem.grid(signature.input),
                position=stack.position,
            )
        }

    def runs(self, architecture: "Architecture", signature: Signature, length: int) -> dict[str, StackRun]:
        """Once, over all tokens."""
        return {self.stack_name: StackRun(length=length + self.summary_tokens)}

    def wiring_parameters(self, architecture: "Architecture", signature: Signature) -> int:
        """The head, weights unless tied and a bias, and the tokens of its own."""
        width, out = architecture.stack(self.stack_name).width, signature.output.columns
        return out + (0 if tied(architecture, signature) else out * width) + self.summary_tokens * width

    def wiring_macs(self, architecture: "Architecture", signature: Signature, length: int) -> int:
        """The head, once for a whole input, else at every token."""
        times = 1 if signature.whole else length
        return times * architecture.stack(self.stack_name).width * signature.output.columns

    def build_model(self, architecture: "Architecture", signature: Signature) -> "SingleStack":
        """Stem, stack and head."""
        return SingleStack(self, architecture, signature)


class SingleStack(Model):
    """Stem -> stack -> head. What is asked of a whole input is read from the summary token if there is one, else from the
    mean of the valid tokens, or from the last one if causal.
    """

    def __init__(self, config: SingleStackConfig, architecture: "Architecture", signature: Signature) -> None:
        super().__init__()
        stack, site = architecture.stacks[0], config.sites(architecture, signature)[config.stack_name]
        self.stem = architecture.stem.build_stem(signature.input, stack.width)
        self.summary = _tokens(config.summary_tokens, stack.width)
        self.stack = StackModule(stack, site)
        self.head = nn.Linear(stack.width, signature.output.columns)
        if tied(architecture, signature):
            self.head.weight = next(self.stem.parameters())
        self.whole = signature.whole
        self.causal = site.causal

    def forward(self, inputs: Tensor, lengths: Tensor | None = None, source: Source | None = None) -> Tensor:
        """inputs: ids (B, N), numbers (B, N, C) or images -> (B, columns), or (B, N, columns) where each token is asked."""
        x, lengths = self._begun(inputs, lengths)
        return self._answer(self.stack(x, lengths), lengths)

    def states(self, inputs: Tensor, lengths: Tensor | None = None, source: Source | None = None) -> Tensor:
        """Those of the stem's tokens."""
        x, lengths = self._begun(inputs, lengths)
        return self._own(self.stack(x, lengths))

    def by_depth(self, inputs: Tensor, lengths: Tensor | None = None, source: Source | None = None) -> Iterator[Tensor]:
        """The same head on the state after each block, closed by the final norm."""
        x, lengths = self._begun(inputs, lengths)
        return (self._answer(y, lengths) for y in self.stack.by_depth(x, lengths))

    def start(self, batch: int, capacity: int, source: Source | None = None) -> StackState:
        """Empty states on the device and in the dtype of the head."""
        return self.stack.start(batch, capacity, self.head.weight[:1])

    def extend(self, inputs: Tensor, state: StackState, *, last: bool = False) -> tuple[Tensor, StackState]:
        """ids (B, T) -> logits (B, T, vocabulary), or (B, 1, vocabulary) of the last."""
        x, state = self.stack.extend(self.stem(inputs), state)
        return self.head(asked(x, last)), state

    def _begun(self, inputs: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """The stack's input and the lengths of its valid tokens."""
        x, lengths = self.stem(inputs), self.stem.lengths(lengths)
        if self.summary is None:
            return x, lengths
        x = torch.cat((self.summary.expand(len(x), -1, -1), x), 1)
        return x, None if lengths is None else lengths + self.summary.shape[0]

    def _own(self, x: Tensor) -> Tensor:
        return x if self.summary is None else x[:, self.summary.shape[0] :]

    def _answer(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        y: Tensor = self.head(self._pooled(x, lengths) if self.whole else self._own(x))
        return y

    def _pooled(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        if self.summary is not None:
            return x[:, 0]
        return last_valid(x, lengths) if self.causal else mean_of_valid(x, lengths)


def source_problems(config: TopologyConfig, signature: Signature) -> Iterator[str]:
    """A topology of one input cannot serve a task that has a source."""
    if signature.source is not None:
        name = config.choice.name
        yield f"topology {name} reads one input, and the task gives {signature}; encoder-decoder, dual and siamese read a source"


def step_problems(architecture: "Architecture", signature: Signature) -> Iterator[str]:
    """Where something is asked of each step, each step is a token."""
    given, stem = signature.input, architecture.stem
    if not signature.whole and not isinstance(given, ImageInput) and stem.tokens(given) != given.length:
        yield (
            f"stem {stem.choice} makes {stem.tokens(given)} tokens of {given.length} steps, and the task asks for something of "
            "every step; use one token a step"
        )


def _tokens(count: int, width: int) -> nn.Parameter | None:
    return nn.Parameter(0.02 * torch.randn(count, width)) if count else None
