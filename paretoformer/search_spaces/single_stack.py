"""What encoder and decoder share: stem, one stack, one linear head."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from paretoformer.records.signature import ClassOutput, DenseOutput, Signature
from paretoformer.search_spaces.contract import Model, Site, Source, StackRun, TopologyConfig
from paretoformer.search_spaces.heads import columns, last_valid, mean_of_valid, tied
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
        """It reads one input and gives classes or tokens; a topology adds what else it cannot serve."""
        yield from source_problems(self, signature)
        if isinstance(signature.output, DenseOutput):
            yield f"topology {self.choice.name} gives classes or tokens, and the task asks for numbers a pixel"

    def stack_problems(self, architecture: "Architecture", signature: Signature) -> Iterator[str]:
        """A source has no stem."""
        if architecture.source is not None:
            yield f"topology {self.choice.name} reads no source, and the architecture has a stem for one"

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
        width, out = architecture.stack(self.stack_name).width, columns(signature)
        return out + (0 if tied(architecture, signature) else out * width) + self.summary_tokens * width

    def wiring_macs(self, architecture: "Architecture", signature: Signature, length: int) -> int:
        """The head, once for a class and at every token for tokens."""
        times = 1 if isinstance(signature.output, ClassOutput) else length
        return times * architecture.stack(self.stack_name).width * columns(signature)

    def build_model(self, architecture: "Architecture", signature: Signature) -> "SingleStack":
        """Stem, stack and head."""
        return SingleStack(self, architecture, signature)


class SingleStack(Model):
    """Stem -> stack -> head. Classes are read from the summary token if there is one, else from the mean of the valid
    tokens, or from the last one if causal.
    """

    def __init__(self, config: SingleStackConfig, architecture: "Architecture", signature: Signature) -> None:
        super().__init__()
        stack, site = architecture.stacks[0], config.sites(architecture, signature)[config.stack_name]
        self.stem = architecture.stem.build_stem(signature.input, stack.width)
        self.summary = _tokens(config.summary_tokens, stack.width)
        self.stack = StackModule(stack, site)
        self.head = nn.Linear(stack.width, columns(signature))
        if tied(architecture, signature):
            self.head.weight = next(self.stem.parameters())
        self.classifies = isinstance(signature.output, ClassOutput)
        self.causal = site.causal

    def forward(self, inputs: Tensor, lengths: Tensor | None = None, source: Source | None = None) -> Tensor:
        """inputs: ids (B, N) or images -> logits (B, classes) or (B, N, vocabulary)."""
        x = self.stem(inputs)
        if self.summary is not None:
            x = torch.cat((self.summary.expand(len(x), -1, -1), x), 1)
            lengths = None if lengths is None else lengths + self.summary.shape[0]
        x = self.stack(x, lengths)
        y: Tensor = self.head(self._pooled(x, lengths) if self.classifies else x)
        return y

    def start(self, batch: int, capacity: int, source: Source | None = None) -> StackState:
        """Empty states on the device and in the dtype of the head."""
        return self.stack.start(batch, capacity, self.head.weight[:1])

    def extend(self, inputs: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        """ids (B, T) -> logits (B, T, vocabulary)."""
        x, state = self.stack.extend(self.stem(inputs), state)
        return self.head(x), state

    def _pooled(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        if self.summary is not None:
            return x[:, 0]
        return last_valid(x, lengths) if self.causal else mean_of_valid(x, lengths)


def source_problems(config: TopologyConfig, signature: Signature) -> Iterator[str]:
    """A topology of one input cannot serve a task that has a source."""
    if signature.source is not None:
        yield f"topology {config.choice.name} reads one input, and the task gives {signature}"


def _tokens(count: int, width: int) -> nn.Parameter | None:
    return nn.Parameter(0.02 * torch.randn(count, width)) if count else None
