"""Words inside sentences: an inner stack within each patch, an outer one among patches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING, ClassVar, Literal

import torch
from torch import Tensor, nn

from paretoformer.records.signature import ImageInput, Signature
from paretoformer.search_spaces.contract import Model, Site, Source, StackRole, StackRun, StemUse, TopologyConfig
from paretoformer.search_spaces.contract.attention import divisors
from paretoformer.search_spaces.registry import register
from paretoformer.search_spaces.single_stack import source_problems
from paretoformer.search_spaces.stack import StackModule

if TYPE_CHECKING:
    from paretoformer.search_spaces.architecture import Architecture


@register("topology", "nested", papers=(5,))
@dataclass(frozen=True, kw_only=True)
class NestedConfig(TopologyConfig):
    """The stem's tokens are words; squares of `words` x `words` of them are sentences (paper 5, section 2.1).

    Blocks alternate: an inner block among the words of each sentence, their vectors set end to end, projected and added to
    the sentence, then an outer block among sentences. A shallower inner stack has its blocks before every k-th outer
    one. Sentences start at zero, or from their `words` projected; `injection` normed has a layer norm before a
    projection without bias and one after it: both are the official code's, the defaults the paper's. Classes are read from
    a token of the outer stack's own, or from the mean.
    """

    roles: ClassVar[Mapping[str, StackRole]] = {"inner": StackRole(), "outer": StackRole()}

    words: int = 2
    sentences: Literal["zero", "words"] = "zero"
    injection: Literal["linear", "normed"] = "linear"
    summary: Literal["token", "mean"] = "token"

    @property
    def summary_tokens(self) -> int:
        """One, or none."""
        return 1 if self.summary == "token" else 0

    def signature_problems(self, signature: Signature) -> Iterator[str]:
        """It reads images and answers for all of one."""
        yield from source_problems(self, signature)
        if not isinstance(signature.input, ImageInput):
            yield f"topology nested needs a grid, and the task gives {signature}; use an encoder or a decoder"
        elif not signature.whole:
            yield f"topology nested answers for whole images, and the task gives {signature}"

    def stack_problems(self, architecture: "Architecture", signature: Signature) -> Iterator[str]:
        """Words fill sentences, and inner blocks fall between outer ones."""
        if architecture.source is not None:
            yield "topology nested reads no source, and the architecture has a stem for one; leave it out"
        grid = architecture.stem.grid(signature.input)
        if grid is not None and (grid[0] % self.words or grid[1] % self.words):
            yield (
                f"topology nested has sentences of {self.words} x {self.words} words, and they do not tile {grid[0]} x {grid[1]}; "
                f"words that do: {divisors(gcd(*grid), self.words)}"
            )
        inner, outer = architecture.stacks
        if outer.depth % inner.depth:
            yield (
                f"{inner.depth} inner blocks do not divide the outer ones, and there are {outer.depth}; "
                f"depths that do: {divisors(outer.depth, inner.depth)}"
            )
        for stack in (inner, outer):
            if stack.loops > 1:
                yield f"stack {stack.name} loops, and topology nested runs each block once; use loops 1"

    def stems(self, architecture: "Architecture", signature: Signature) -> tuple[StemUse, ...]:
        """Words, at the inner width."""
        return (StemUse(config=architecture.stem, given=signature.input, width=architecture.stack("inner").width),)

    def sites(self, architecture: "Architecture", signature: Signature) -> dict[str, Site]:
        """The inner stack on the words of one sentence, the outer one on all sentences."""
        inner, outer = architecture.stacks
        rows, cells = self._sentences(architecture, signature)
        return {
            "inner": Site(
                width=inner.width,
                length=self.words**2,
                grid=(self.words, self.words),
                position=inner.position,
                closed=False,
            ),
            "outer": Site(
                width=outer.width,
                length=rows * cells + self.summary_tokens,
                grid=None if self.summary_tokens else (rows, cells),
                position=outer.position,
            ),
        }

    def runs(self, architecture: "Architecture", signature: Signature, length: int) -> dict[str, StackRun]:
        """The inner stack once a sentence; an image has one length."""
        rows, cells = self._sentences(architecture, signature)
        return {
            "inner": StackRun(length=self.words**2, times=rows * cells),
            "outer": StackRun(length=rows * cells + self.summary_tokens),
        }

    def wiring_parameters(self, architecture: "Architecture", signature: Signature) -> int:
        """Injections, the first sentences, the summary token, the head."""
        inner, outer = architecture.stacks
        told = self.words**2 * inner.width
        normed = told * outer.width + 2 * told + 2 * outer.width
        each = normed if self.injection == "normed" else (told + 1) * outer.width
        first = normed + outer.width if self.sentences == "words" else 0
        return (
            inner.depth * each
            + first
            + self.summary_tokens * outer.width
            + (outer.width + 1) * signature.output.columns
        )

    def wiring_macs(self, architecture: "Architecture", signature: Signature, length: int) -> int:
        """Injections, the first sentences, the head."""
        inner, outer = architecture.stacks
        rows, cells = self._sentences(architecture, signature)
        times = inner.depth + (self.sentences == "words")
        return times * rows * cells * self.words**2 * inner.width * outer.width + outer.width * signature.output.columns

    def build_model(self, architecture: "Architecture", signature: Signature) -> "Nested":
        """Stem, both stacks, injections, head."""
        return Nested(self, architecture, signature)

    def _sentences(self, architecture: "Architecture", signature: Signature) -> tuple[int, int]:
        grid = architecture.stem.grid(signature.input)
        assert grid is not None, "checked before"
        return grid[0] // self.words, grid[1] // self.words


class Nested(Model):
    """The module of `NestedConfig`."""

    def __init__(self, config: NestedConfig, architecture: "Architecture", signature: Signature) -> None:
        super().__init__()
        inner, outer = architecture.stacks
        sites = config.sites(architecture, signature)
        told, normed = config.words**2 * inner.width, config.injection == "normed"
        self.words, self.grid = config.words, architecture.stem.grid(signature.input) or (1, 1)
        self.depth, self.step = inner.depth, outer.depth // inner.depth
        self.stem = architecture.stem.build_stem(signature.input, inner.width)
        self.inner, self.outer = StackModule(inner, sites["inner"]), StackModule(outer, sites["outer"])
        first = config.sentences == "words"
        self.first = _injection(told, outer.width, normed=True, bias=True) if first else None
        self.injections = nn.ModuleList(
            _injection(told, outer.width, normed=normed, bias=not normed) for _ in range(inner.depth)
        )
        self.summary = nn.Parameter(0.02 * torch.randn(1, outer.width)) if config.summary_tokens else None
        self.head = nn.Linear(outer.width, signature.output.columns)

    def forward(self, inputs: Tensor, lengths: Tensor | None = None, source: Source | None = None) -> Tensor:
        """Images (B, C, H, W) -> logits (B, classes)."""
        batch, inside, among = len(inputs), self.inner.context(), self.outer.context()
        words = self.inner.place(self._grouped(self.stem(inputs)), inside)  # (B * n, m, c)
        told = words.flatten(1).unflatten(0, (batch, -1))  # (B, n, m * c)
        x = told.new_zeros(*told.shape[:2], self.head.in_features) if self.first is None else self.first(told)
        if self.summary is not None:
            x = torch.cat((self.summary.expand(batch, -1, -1), x), 1)
        x = self.outer.place(x, among)
        for block, injection in enumerate(self.injections):
            words = self.inner.run(words, inside, block, block + 1)
            added = injection(words.flatten(1).unflatten(0, (batch, -1)))
            x = x + (added if self.summary is None else nn.functional.pad(added, (0, 0, 1, 0)))
            x = self.outer.run(x, among, block * self.step, (block + 1) * self.step)
        x = self.outer.close(x, among)
        y: Tensor = self.head(x.mean(1) if self.summary is None else x[:, 0])
        return y

    def _grouped(self, words: Tensor) -> Tensor:
        """(B, rows * cells, c) -> (B * sentences, words of one, c), both row by row."""
        side, (rows, cells) = self.words, self.grid
        squares = words.unflatten(1, (rows // side, side, cells // side, side)).transpose(2, 3)
        return squares.reshape(-1, side**2, words.shape[-1])


def _injection(told: int, width: int, *, normed: bool, bias: bool) -> nn.Module:
    projection = nn.Linear(told, width, bias=bias)
    return nn.Sequential(nn.LayerNorm(told), projection, nn.LayerNorm(width)) if normed else projection
