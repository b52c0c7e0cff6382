"""Topologies: which stacks a model has, and how they are wired from input to output."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor, nn

from paretoformer.records.signature import Input, Signature
from paretoformer.search_spaces.contract.config import ChoiceConfig
from paretoformer.search_spaces.contract.context import Memory
from paretoformer.search_spaces.contract.site import Site
from paretoformer.search_spaces.contract.stem import StemConfig

if TYPE_CHECKING:
    from paretoformer.search_spaces.architecture import Architecture


@dataclass(frozen=True, kw_only=True)
class StackRole:
    """What a topology makes of one of its stacks: the branches of its blocks, and whether it is causal."""

    branches: tuple[str, ...] = ("mixer", "feedforward")
    causal: bool = False


@dataclass(frozen=True, kw_only=True)
class StackRun:
    """How a stack runs for one input: `times` sequences of `length` tokens each, reading `memory` tokens."""

    length: int
    times: int = 1
    memory: int = 0


@dataclass(frozen=True, kw_only=True)
class StackStep:
    """How a stack goes on when a model decodes a token: by `tokens` tokens, each of which reads `context` others and itself.

    Cross branches read `memory` tokens; with `reads_memory` they first make of it what they keep.
    """

    context: int
    tokens: int = 1
    memory: int = 0
    reads_memory: bool = False


@dataclass(frozen=True, kw_only=True)
class StemUse:
    """A stem that turns `given` into tokens of `width`.

    `shared` where its module is that of an earlier use, so that its parameters are counted there.
    """

    config: StemConfig
    given: Input
    width: int
    shared: bool = False


@dataclass(frozen=True, kw_only=True)
class TopologyConfig(ChoiceConfig):
    """Config of a topology. `roles` names its stacks in the order in which data reaches them."""

    roles: ClassVar[Mapping[str, StackRole]]

    @property
    def decodes(self) -> bool:
        """Whether its models go on token by token."""
        return any(role.causal for role in self.roles.values())

    def signature_problems(self, signature: Signature) -> Iterator[str]:
        """Sentences that say why it cannot serve the task; none where it can."""
        return iter(())

    def stack_problems(self, architecture: "Architecture", signature: Signature) -> Iterator[str]:
        """Sentences about stems and stacks that do not fit together or to the task; none where they do."""
        return iter(())

    def stems(self, architecture: "Architecture", signature: Signature) -> tuple[StemUse, ...]:
        """The stems, that of the input first; a topology that reads a source has more than that one."""
        return (StemUse(config=architecture.stem, given=signature.input, width=architecture.stacks[0].width),)

    def sites(self, architecture: "Architecture", signature: Signature) -> dict[str, Site]:
        """Where the blocks of each stack stand."""
        raise NotImplementedError

    def runs(self, architecture: "Architecture", signature: Signature, length: int) -> dict[str, StackRun]:
        """How each stack runs for one input of `length` tokens."""
        raise NotImplementedError

    def steps(
        self, architecture: "Architecture", signature: Signature, context: int
    ) -> Mapping[str, StackStep | StackRun]:
        """What stacks do to decode one token after `context` others; those that rest are left out."""
        runs = self.runs(architecture, signature, context + 1)
        causal = (name for name, role in self.roles.items() if role.causal)
        return {name: StackStep(context=context, memory=runs[name].memory) for name in causal}

    def wiring_parameters(self, architecture: "Architecture", signature: Signature) -> int:
        """Parameters outside stem and stacks: the head."""
        raise NotImplementedError

    def wiring_macs(self, architecture: "Architecture", signature: Signature, length: int) -> int:
        """Multiply-accumulates outside stem and stacks, for one input of `length` tokens."""
        raise NotImplementedError

    def wiring_state_bytes(self, architecture: "Architecture", signature: Signature) -> int:
        """Bytes of fp32 decoding state outside the stacks, for one sequence."""
        return 0

    def build_model(self, architecture: "Architecture", signature: Signature) -> "Model":
        """The whole model, freshly initialised from torch's global generator."""
        raise NotImplementedError


@dataclass(frozen=True)
class Source:
    """What is read beside the input: ids (B, M) or numbers (B, M, C), right-padded with their `lengths` (B,), or images (B, C, H, W)."""

    inputs: Tensor
    lengths: Tensor | None = None


class Model(nn.Module, ABC):
    """Architecture x signature. A causal model also decodes token by token; a model of a task with a source is given it."""

    architecture: "Architecture"
    signature: Signature

    @abstractmethod
    def forward(self, inputs: Tensor, lengths: Tensor | None = None, source: Source | None = None) -> Tensor:
        """inputs as the signature says, lengths (B,) of right-padded sequences -> the signature's output."""

    def states(self, inputs: Tensor, lengths: Tensor | None = None, source: Source | None = None) -> Tensor:
        """What its head reads, token by token: (B, N, D)."""
        raise NotImplementedError(f"{type(self).__name__} has no states token by token")

    def by_depth(self, inputs: Tensor, lengths: Tensor | None = None, source: Source | None = None) -> Iterator[Tensor]:
        """The output as it would be after each block of its last stack; the last is that of `forward`."""
        raise NotImplementedError(f"{type(self).__name__} has no outputs by depth")

    def read_source(self, source: Source) -> Memory:
        """What an encoder of the source makes of it."""
        raise NotImplementedError(f"{type(self).__name__} reads no source")

    def start(self, batch: int, capacity: int, source: Source | None = None) -> Any:
        """An empty decoding state for `batch` sequences of up to `capacity` tokens; the source is read here, once."""
        raise NotImplementedError(f"{type(self).__name__} does not decode")

    def extend(self, inputs: Tensor, state: Any, *, last: bool = False) -> tuple[Tensor, Any]:
        """Continue by token ids (B, T); returns the output at these T tokens, or at their last alone, and the new state."""
        raise NotImplementedError(f"{type(self).__name__} does not decode")


@dataclass(frozen=True)
class Pair:
    """Logits as `forward` gives them, and a vector (B, D) of the text and of the source, to be compared."""

    logits: Tensor
    text: Tensor
    source: Tensor


class PairModel(Model):
    """A model that also maps text and source to vectors of one space."""

    @abstractmethod
    def pair(self, inputs: Tensor, lengths: Tensor | None, source: Source) -> Pair:
        """All three in one pass."""
