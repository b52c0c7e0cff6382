"""What encoder and decoder share: stem, one stack, one linear head."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from paretoformer.records.signature import ClassOutput, Signature, TokenOutput
from paretoformer.search_spaces.contract import Model, Site, StackRun, TopologyConfig
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

    def sites(self, architecture: "Architecture", signature: Signature) -> dict[str, Site]:
        """The stack's site: the stem's tokens and grid at the stack's width."""
        stack, stem = architecture.stack(self.stack_name), architecture.stem
        causal = self.roles[self.stack_name].causal
        return {
            stack.name: Site(
                width=stack.width,
                length=stem.tokens(signature.input),
                causal=causal,
                grid=None if causal else stem.grid(signature.input),
                position=stack.position,
            )
        }

    def runs(self, architecture: "Architecture", signature: Signature, length: int) -> dict[str, StackRun]:
        """Once, over all tokens."""
        return {self.stack_name: StackRun(length=length)}

    def wiring_parameters(self, architecture: "Architecture", signature: Signature) -> int:
        """The head: weights unless tied, and a bias."""
        columns = _columns(signature)
        return columns + (0 if _tied(architecture, signature) else columns * architecture.stack(self.stack_name).width)

    def wiring_macs(self, architecture: "Architecture", signature: Signature, length: int) -> int:
        """The head, once for a class and at every token for tokens."""
        times = 1 if isinstance(signature.output, ClassOutput) else length
        return times * architecture.stack(self.stack_name).width * _columns(signature)

    def build_model(self, architecture: "Architecture", signature: Signature) -> "SingleStack":
        """Stem, stack and head."""
        return SingleStack(architecture, signature, self.sites(architecture, signature)[self.stack_name])

    def signature_problems(self, signature: Signature) -> Iterator[str]:
        """A topology adds what it cannot serve."""
        return iter(())


class SingleStack(Model):
    """Stem -> stack -> head. Classes are read from the mean of the valid tokens, or from the last one if causal."""

    def __init__(self, architecture: "Architecture", signature: Signature, site: Site) -> None:
        super().__init__()
        stack = architecture.stacks[0]
        self.stem = architecture.stem.build_stem(signature.input, stack.width)
        self.stack = StackModule(stack, site)
        self.head = nn.Linear(stack.width, _columns(signature))
        if _tied(architecture, signature):
            self.head.weight = next(self.stem.parameters())
        self.classifies = isinstance(signature.output, ClassOutput)
        self.causal = site.causal

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """inputs: ids (B, N) or images -> logits (B, classes) or (B, N, vocabulary)."""
        x = self.stack(self.stem(inputs), lengths)
        y: Tensor = self.head(self._pooled(x, lengths) if self.classifies else x)
        return y

    def start(self, batch: int, capacity: int) -> StackState:
        """Empty states on the device and in the dtype of the head."""
        return self.stack.start(batch, capacity, self.head.weight[:1])

    def extend(self, inputs: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        """ids (B, T) -> logits (B, T, vocabulary)."""
        x, state = self.stack.extend(self.stem(inputs), state)
        return self.head(x), state

    def _pooled(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        if self.causal:
            return x[:, -1] if lengths is None else x[torch.arange(len(x), device=x.device), (lengths - 1).clamp_min(0)]
        if lengths is None:
            return x.mean(1)
        valid = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
        return torch.where(valid[..., None], x, 0.0).sum(1) / lengths.clamp_min(1)[:, None]


def _columns(signature: Signature) -> int:
    output = signature.output
    return output.classes if isinstance(output, ClassOutput) else output.vocabulary


def _tied(architecture: "Architecture", signature: Signature) -> bool:
    return isinstance(signature.output, TokenOutput) and bool(getattr(architecture.stem, "tied", False))
