"""Two towers that can be compared, and a decoder on top of both: contrastive captioner."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import torch
from torch import Tensor, nn

from paretoformer.records.signature import Signature, TokenInput, TokenOutput
from paretoformer.search_spaces.contract import (
    Memory,
    MemorySite,
    Norm,
    Pair,
    PairModel,
    Site,
    Source,
    StackRole,
    StackRun,
    StemUse,
    TopologyConfig,
)
from paretoformer.search_spaces.contract.attention import divisors
from paretoformer.search_spaces.heads import asked, tied
from paretoformer.search_spaces.pooler import Pooler, pooler_macs, pooler_parameters
from paretoformer.search_spaces.registry import register
from paretoformer.search_spaces.stack import StackModule, StackState
from paretoformer.search_spaces.topologies.encoder_decoder import source_stem, source_stems

if TYPE_CHECKING:
    from paretoformer.search_spaces.architecture import Architecture


@register("topology", "dual", papers=(1,))
@dataclass(frozen=True, kw_only=True)
class DualConfig(TopologyConfig):
    """An encoder of the source, a causal `unimodal` stack over the text, a causal `multimodal` one over both.

    The source is pooled to `queries` tokens, which the multimodal stack's cross branches read, and to one vector: from those
    tokens (`contrast` cascade) or from the encoder itself (parallel). The text's vector is what the unimodal stack gives, normalised,
    at a learned token behind the last word; no word sees it. Depth is split between the text's stacks as one likes.
    Source: paper 1, section 3.2; that cascade is the paper's default is unconfirmed.
    """

    roles: ClassVar[Mapping[str, StackRole]] = {
        "encoder": StackRole(),
        "unimodal": StackRole(causal=True),
        "multimodal": StackRole(branches=("mixer", "cross", "feedforward"), causal=True),
    }

    queries: int = 256
    heads: int = 4
    contrast: Literal["cascade", "parallel"] = "cascade"

    def signature_problems(self, signature: Signature) -> Iterator[str]:
        """It reads a source and goes on with tokens."""
        if signature.source is None:
            yield f"topology dual reads a source, and the task gives {signature}; use an encoder or a decoder"
        elif not isinstance(signature.input, TokenInput) or not isinstance(signature.output, TokenOutput):
            yield f"topology dual gives the next token of a sequence, and the task gives {signature}"

    def stack_problems(self, architecture: "Architecture", signature: Signature) -> Iterator[str]:
        """Both stacks of the text are as wide as each other; poolers have heads that divide that width."""
        encoder, unimodal, multimodal = architecture.stacks
        if unimodal.width != multimodal.width:
            yield f"stack unimodal is {unimodal.width} wide, and multimodal, which goes on from it, {multimodal.width}; use one width"
        if unimodal.width % self.heads:
            yield (
                f"topology dual has poolers of {self.heads} heads, and they do not divide the width {unimodal.width}; "
                f"heads that do: {divisors(unimodal.width, self.heads)}"
            )
        if architecture.source is None and encoder.width != unimodal.width:
            yield (
                f"stem {architecture.stem.choice} is read by encoder and unimodal, and they are {encoder.width} and "
                f"{unimodal.width} wide; use one width, or a stem of its own for the source"
            )

    def stems(self, architecture: "Architecture", signature: Signature) -> tuple[StemUse, ...]:
        """The text's and the source's."""
        return source_stems(architecture, signature, into="unimodal", source_into="encoder")

    def sites(self, architecture: "Architecture", signature: Signature) -> dict[str, Site]:
        """The unimodal stack has room for one token more than the text."""
        encoder, unimodal, multimodal = architecture.stacks
        stem, source = source_stem(architecture), signature.source
        assert source is not None, "checked before"
        text = Site(
            width=unimodal.width,
            length=architecture.stem.tokens(signature.input) + 1,
            causal=True,
            position=unimodal.position,
            closed=False,
        )
        read = MemorySite(width=multimodal.width, length=self.queries)
        return {
            "encoder": Site(
                width=encoder.width, length=stem.tokens(source), grid=stem.grid(source), position=encoder.position
            ),
            "unimodal": text,
            "multimodal": replace(text, length=text.length - 1, position=multimodal.position, closed=True, memory=read),
        }

    def runs(self, architecture: "Architecture", signature: Signature, length: int) -> dict[str, StackRun]:
        """As for captions: without the token behind the text."""
        assert signature.source is not None, "checked before"
        return {
            "encoder": StackRun(length=source_stem(architecture).tokens(signature.source)),
            "unimodal": StackRun(length=length),
            "multimodal": StackRun(length=length, memory=self.queries),
        }

    def wiring_parameters(self, architecture: "Architecture", signature: Signature) -> int:
        """Poolers, the token behind the text, its norm, the head."""
        encoder, unimodal, multimodal = architecture.stacks
        read = unimodal.width if self.contrast == "cascade" else encoder.width
        poolers = pooler_parameters(self.queries, unimodal.width, encoder.width) + pooler_parameters(
            1, unimodal.width, read
        )
        site, out = self.sites(architecture, signature)["unimodal"], signature.output.columns
        norm = unimodal.final_norm.parameters(site) if unimodal.final_norm else 0
        head = out + (0 if tied(architecture, signature) else out * multimodal.width)
        return poolers + unimodal.width + norm + head

    def wiring_macs(self, architecture: "Architecture", signature: Signature, length: int) -> int:
        """As for captions: the pooler that is read by the text, and the head at every token."""
        encoder, unimodal, _ = architecture.stacks
        assert signature.source is not None, "checked before"
        read = source_stem(architecture).tokens(signature.source)
        pooled = pooler_macs(self.queries, unimodal.width, encoder.width, read)
        return pooled + length * unimodal.width * signature.output.columns

    def build_model(self, architecture: "Architecture", signature: Signature) -> "Dual":
        """Stems, stacks, poolers, head."""
        return Dual(self, architecture, signature)


class Dual(PairModel):
    """The module of `DualConfig`."""

    def __init__(self, config: DualConfig, architecture: "Architecture", signature: Signature) -> None:
        super().__init__()
        encoder, unimodal, multimodal = architecture.stacks
        assert signature.source is not None, "checked before"
        sites, width, own = config.sites(architecture, signature), unimodal.width, architecture.source
        self.stem = architecture.stem.build_stem(signature.input, width)
        self.source_stem = own.build_stem(signature.source, encoder.width) if own else self.stem
        self.encoder = StackModule(encoder, sites["encoder"])
        self.unimodal = StackModule(unimodal, sites["unimodal"])
        self.multimodal = StackModule(multimodal, sites["multimodal"])
        self.pooler = Pooler(config.queries, width, encoder.width, config.heads)
        self.cascade = config.contrast == "cascade"
        self.contrast_pooler = Pooler(1, width, width if self.cascade else encoder.width, config.heads)
        self.text_token = nn.Parameter(0.02 * torch.randn(width))
        norm = unimodal.final_norm
        self.text_norm: Norm | None = norm.build(sites["unimodal"]) if norm else None
        self.head = nn.Linear(width, signature.output.columns)
        if tied(architecture, signature):
            self.head.weight = next(self.stem.parameters())

    def forward(self, inputs: Tensor, lengths: Tensor | None = None, source: Source | None = None) -> Tensor:
        """ids (B, N) beside a source -> logits (B, N, vocabulary)."""
        memory = Memory(tokens=self.pooler(self.read_source(source)))
        y: Tensor = self.head(self.multimodal(self.unimodal(self.stem(inputs), lengths), lengths, memory))
        return y

    def pair(self, inputs: Tensor, lengths: Tensor | None, source: Source) -> Pair:
        """The same logits, with the vectors of both sides."""
        encoded = self.read_source(source)
        pooled = Memory(tokens=self.pooler(encoded))
        x = self.stem(inputs)
        ends = torch.full((len(x),), x.shape[1], device=x.device) if lengths is None else lengths
        rows = torch.arange(len(x), device=x.device)
        behind = nn.functional.one_hot(ends, x.shape[1] + 1)[..., None].to(torch.bool)
        x = torch.where(behind, self.text_token, nn.functional.pad(x, (0, 0, 0, 1)))
        u = self.unimodal(x, ends + 1)
        text = u[rows, ends][:, None]
        if self.text_norm is not None:
            text = self.text_norm(text, self.unimodal.context())
        logits = self.head(self.multimodal(u[:, :-1], lengths, pooled))
        vector = self.contrast_pooler(pooled if self.cascade else encoded)
        return Pair(logits=logits, text=text[:, 0], source=vector[:, 0])

    def start(self, batch: int, capacity: int, source: Source | None = None) -> tuple[StackState, StackState]:
        """The source read, and empty states of both stacks of the text."""
        memory, like = Memory(tokens=self.pooler(self.read_source(source))), self.head.weight[:1]
        return self.unimodal.start(batch, capacity, like), self.multimodal.start(batch, capacity, like, memory)

    def extend(
        self, inputs: Tensor, state: tuple[StackState, StackState], *, last: bool = False
    ) -> tuple[Tensor, tuple[StackState, StackState]]:
        """ids (B, T) -> logits (B, T, vocabulary), or (B, 1, vocabulary) of the last."""
        x, unimodal = self.unimodal.extend(self.stem(inputs), state[0])
        x, multimodal = self.multimodal.extend(x, state[1])
        return self.head(asked(x, last)), (unimodal, multimodal)

    def read_source(self, source: Source | None) -> Memory:
        """What the encoder makes of the source, token by token."""
        assert source is not None, "a dual model is given a source"
        lengths = self.source_stem.lengths(source.lengths)
        return Memory(tokens=self.encoder(self.source_stem(source.inputs), lengths), lengths=lengths)
