"""An encoder of the source, and a decoder that reads what it gives."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor, nn

from paretoformer.records.signature import Signature, TokenInput, TokenOutput
from paretoformer.search_spaces.contract import (
    Memory,
    MemorySite,
    Model,
    Site,
    Source,
    StackRole,
    StackRun,
    StemConfig,
    StemUse,
    TopologyConfig,
)
from paretoformer.search_spaces.heads import asked, tied
from paretoformer.search_spaces.registry import register
from paretoformer.search_spaces.stack import StackModule, StackState

if TYPE_CHECKING:
    from paretoformer.search_spaces.architecture import Architecture


@register("topology", "encoder-decoder", papers=(4, 28))
@dataclass(frozen=True, kw_only=True)
class EncoderDecoderConfig(TopologyConfig):
    """A bidirectional stack over the source, a causal one over the input whose cross branches read it, a head at every token.

    Depth is split between the two as one likes. Without a stem of its own the source is read by the input's, one table
    for both (paper 4). Decoding reads the source once; each new token costs the decoder alone (paper 28).
    Source: Vaswani et al. 2017, section 3.1.
    """

    roles: ClassVar[Mapping[str, StackRole]] = {
        "encoder": StackRole(),
        "decoder": StackRole(branches=("mixer", "cross", "feedforward"), causal=True),
    }

    def signature_problems(self, signature: Signature) -> Iterator[str]:
        """It reads a source and goes on with tokens."""
        if signature.source is None:
            yield f"topology encoder-decoder reads a source, and the task gives {signature}; use an encoder or a decoder"
        elif not isinstance(signature.input, TokenInput) or not isinstance(signature.output, TokenOutput):
            yield f"topology encoder-decoder gives the next token of a sequence, and the task gives {signature}"

    def stack_problems(self, architecture: "Architecture", signature: Signature) -> Iterator[str]:
        """A stem that both read has one width and one vocabulary."""
        if architecture.source is not None:
            return
        widths = [architecture.stack(name).width for name in self.roles]
        if len(set(widths)) > 1:
            yield (
                f"stem {architecture.stem.choice} is read by encoder and decoder, and they are {widths[0]} and {widths[1]} wide; "
                "use one width, or a stem of its own for the source"
            )
        given, source = signature.input, signature.source
        if isinstance(given, TokenInput) and isinstance(source, TokenInput) and given.vocabulary != source.vocabulary:
            yield (
                f"stem {architecture.stem.choice} is read by encoder and decoder, and the task's vocabularies have "
                f"{source.vocabulary} and {given.vocabulary} tokens; use a stem of its own for the source"
            )

    def stems(self, architecture: "Architecture", signature: Signature) -> tuple[StemUse, ...]:
        """The input's and the source's."""
        return source_stems(architecture, signature, into="decoder", source_into="encoder")

    def sites(self, architecture: "Architecture", signature: Signature) -> dict[str, Site]:
        """The encoder on the source, the decoder on the input beside it."""
        encoder, decoder = architecture.stack("encoder"), architecture.stack("decoder")
        stem, source = source_stem(architecture), signature.source
        assert source is not None, "checked before"
        memory = MemorySite(width=encoder.width, length=stem.tokens(source))
        return {
            "encoder": Site(
                width=encoder.width, length=memory.length, grid=stem.grid(source), position=encoder.position
            ),
            "decoder": Site(
                width=decoder.width,
                length=architecture.stem.tokens(signature.input),
                causal=True,
                position=decoder.position,
                memory=memory,
            ),
        }

    def runs(self, architecture: "Architecture", signature: Signature, length: int) -> dict[str, StackRun]:
        """Each once; the source at its full length."""
        assert signature.source is not None, "checked before"
        read = source_stem(architecture).tokens(signature.source)
        return {"encoder": StackRun(length=read), "decoder": StackRun(length=length, memory=read)}

    def wiring_parameters(self, architecture: "Architecture", signature: Signature) -> int:
        """The head: weights unless tied, and a bias."""
        out = signature.output.columns
        return out + (0 if tied(architecture, signature) else out * architecture.stack("decoder").width)

    def wiring_macs(self, architecture: "Architecture", signature: Signature, length: int) -> int:
        """The head at every token."""
        return length * architecture.stack("decoder").width * signature.output.columns

    def build_model(self, architecture: "Architecture", signature: Signature) -> "EncoderDecoder":
        """Stems, both stacks, head."""
        return EncoderDecoder(self, architecture, signature)


class EncoderDecoder(Model):
    """The module of `EncoderDecoderConfig`."""

    def __init__(self, config: EncoderDecoderConfig, architecture: "Architecture", signature: Signature) -> None:
        super().__init__()
        encoder, decoder = architecture.stack("encoder"), architecture.stack("decoder")
        assert signature.source is not None, "checked before"
        sites = config.sites(architecture, signature)
        self.stem = architecture.stem.build_stem(signature.input, decoder.width)
        own = architecture.source
        self.source_stem = own.build_stem(signature.source, encoder.width) if own else self.stem
        self.encoder = StackModule(encoder, sites["encoder"])
        self.decoder = StackModule(decoder, sites["decoder"])
        self.head = nn.Linear(decoder.width, signature.output.columns)
        if tied(architecture, signature):
            self.head.weight = next(self.stem.parameters())

    def forward(self, inputs: Tensor, lengths: Tensor | None = None, source: Source | None = None) -> Tensor:
        """ids (B, N) beside a source -> logits (B, N, vocabulary)."""
        y: Tensor = self.head(self.states(inputs, lengths, source))
        return y

    def states(self, inputs: Tensor, lengths: Tensor | None = None, source: Source | None = None) -> Tensor:
        """Those of the decoder."""
        y: Tensor = self.decoder(self.stem(inputs), lengths, self.read_source(source))
        return y

    def by_depth(self, inputs: Tensor, lengths: Tensor | None = None, source: Source | None = None) -> Iterator[Tensor]:
        """The same head on the decoder's state after each of its blocks."""
        return (self.head(y) for y in self.decoder.by_depth(self.stem(inputs), lengths, self.read_source(source)))

    def start(self, batch: int, capacity: int, source: Source | None = None) -> StackState:
        """The source read, and empty states of the decoder."""
        return self.decoder.start(batch, capacity, self.head.weight[:1], self.read_source(source))

    def extend(self, inputs: Tensor, state: StackState, *, last: bool = False) -> tuple[Tensor, StackState]:
        """ids (B, T) -> logits (B, T, vocabulary), or (B, 1, vocabulary) of the last."""
        x, state = self.decoder.extend(self.stem(inputs), state)
        return self.head(asked(x, last)), state

    def read_source(self, source: Source | None) -> Memory:
        """What the encoder makes of the source, token by token."""
        assert source is not None, "an encoder-decoder is given a source"
        lengths = self.source_stem.lengths(source.lengths)
        return Memory(tokens=self.encoder(self.source_stem(source.inputs), lengths), lengths=lengths)


def source_stem(architecture: "Architecture") -> StemConfig:
    """What reads the source: a stem of its own, or the input's."""
    return architecture.source or architecture.stem


def source_stems(
    architecture: "Architecture", signature: Signature, *, into: str, source_into: str
) -> tuple[StemUse, ...]:
    """The uses of the input's stem and of the source's, each at the width of the stack that it feeds."""
    assert signature.source is not None, "checked before"
    own = StemUse(config=architecture.stem, given=signature.input, width=architecture.stack(into).width)
    other = StemUse(
        config=source_stem(architecture),
        given=signature.source,
        width=architecture.stack(source_into).width,
        shared=architecture.source is None,
    )
    return own, other
