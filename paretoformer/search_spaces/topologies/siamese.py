"""Two views read by one encoder, then by two decoders that look at each other in every block."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn

from paretoformer.records.signature import DenseOutput, ImageInput, Signature
from paretoformer.search_spaces.contract import (
    Memory,
    MemorySite,
    Model,
    Site,
    Source,
    StackRole,
    StackRun,
    StemUse,
    TopologyConfig,
)
from paretoformer.search_spaces.registry import register
from paretoformer.search_spaces.stack import StackModule

if TYPE_CHECKING:
    from paretoformer.search_spaces.architecture import Architecture

DECODERS = ("decoder1", "decoder2")
_CROSSED = StackRole(branches=("mixer", "cross", "feedforward"))


@register("topology", "siamese", papers=(12,))
@dataclass(frozen=True, kw_only=True)
class SiameseConfig(TopologyConfig):
    """Input and source are images of one size; each is told pixel by pixel, with the other in view.

    Both go through the same stem, encoder and projection. Decoder n has weights of its own; its block l reads, through its cross
    branch, what the other gave at block l - 1, normalised by a norm of that branch and at positions of its own. One final
    norm serves both; each has a linear head for the pixels of every patch. Source: paper 12, section 3.1 (the paper's
    other head, DPT, is not here).
    """

    roles: ClassVar[Mapping[str, StackRole]] = {"encoder": StackRole(), "decoder1": _CROSSED, "decoder2": _CROSSED}

    def signature_problems(self, signature: Signature) -> Iterator[str]:
        """It reads two images of one size and tells both."""
        if not isinstance(signature.output, DenseOutput):
            yield f"topology siamese gives numbers a pixel, and the task is {signature}"
        elif not isinstance(signature.input, ImageInput) or signature.source != signature.input:
            yield f"topology siamese reads two images of one size, and the task gives {signature}"

    def stack_problems(self, architecture: "Architecture", signature: Signature) -> Iterator[str]:
        """The decoders are as wide and as deep as each other."""
        if architecture.source is not None:
            yield "topology siamese reads both images by one stem, and the architecture has a second; leave it out"
        one, other = (architecture.stack(name) for name in DECODERS)
        for name in ("width", "depth", "loops"):
            mine, theirs = getattr(one, name), getattr(other, name)
            if mine != theirs:
                yield f"stack decoder1 has {name} {mine}, and decoder2, which looks at it in every block, {theirs}; use one for both"

    def stems(self, architecture: "Architecture", signature: Signature) -> tuple[StemUse, ...]:
        """One, used twice."""
        width = architecture.stack("encoder").width
        use = StemUse(config=architecture.stem, given=signature.input, width=width)
        return use, replace(use, shared=True)

    def sites(self, architecture: "Architecture", signature: Signature) -> dict[str, Site]:
        """All on the stem's grid."""
        length, grid = architecture.stem.tokens(signature.input), architecture.stem.grid(signature.input)
        found = {
            stack.name: Site(width=stack.width, length=length, grid=grid, position=stack.position)
            for stack in architecture.stacks
        }
        for name in DECODERS:
            memory = MemorySite(width=found[name].width, length=length, normed=True, placed=True)
            found[name] = replace(found[name], memory=memory, closed=name == DECODERS[0])
        return found

    def runs(self, architecture: "Architecture", signature: Signature, length: int) -> dict[str, StackRun]:
        """The encoder twice; an image has one length."""
        tokens = architecture.stem.tokens(signature.input)
        decoder = StackRun(length=tokens, memory=tokens)
        return {"encoder": StackRun(length=tokens, times=2), "decoder1": decoder, "decoder2": decoder}

    def wiring_parameters(self, architecture: "Architecture", signature: Signature) -> int:
        """The projection and both heads."""
        encoder, decoder = architecture.stack("encoder"), architecture.stack("decoder1")
        return (encoder.width + 1) * decoder.width + 2 * (decoder.width + 1) * self._told(architecture, signature)

    def wiring_macs(self, architecture: "Architecture", signature: Signature, length: int) -> int:
        """The projection and the heads, of both views."""
        encoder, decoder = architecture.stack("encoder"), architecture.stack("decoder1")
        told = self._told(architecture, signature)
        return 2 * architecture.stem.tokens(signature.input) * decoder.width * (encoder.width + told)

    def build_model(self, architecture: "Architecture", signature: Signature) -> "Siamese":
        """Stem, encoder, projection, decoders, heads."""
        return Siamese(self, architecture, signature)

    def patch(self, architecture: "Architecture", signature: Signature) -> tuple[int, int]:
        """Height and width of a patch in pixels."""
        given, grid = signature.input, architecture.stem.grid(signature.input)
        assert isinstance(given, ImageInput) and grid is not None, "checked before"
        return given.height // grid[0], given.width // grid[1]

    def _told(self, architecture: "Architecture", signature: Signature) -> int:
        height, width = self.patch(architecture, signature)
        return signature.output.columns * height * width


class Siamese(Model):
    """The module of `SiameseConfig`."""

    def __init__(self, config: SiameseConfig, architecture: "Architecture", signature: Signature) -> None:
        super().__init__()
        encoder, *decoders = architecture.stacks
        sites = config.sites(architecture, signature)
        self.patch, self.columns = config.patch(architecture, signature), signature.output.columns
        self.grid = sites["encoder"].grid or (1, 1)
        self.depth = decoders[0].depth * decoders[0].loops
        self.stem = architecture.stem.build_stem(signature.input, encoder.width)
        self.encoder = StackModule(encoder, sites["encoder"])
        self.projection = nn.Linear(encoder.width, decoders[0].width)
        self.one, self.two = (StackModule(stack, sites[stack.name]) for stack in decoders)
        told = self.columns * self.patch[0] * self.patch[1]
        self.heads = nn.ModuleList(nn.Linear(stack.width, told) for stack in decoders)

    def forward(self, inputs: Tensor, lengths: Tensor | None = None, source: Source | None = None) -> Tensor:
        """Images (B, C, H, W) and source images of the same shape -> (B, 2, columns, H, W)."""
        assert source is not None, "a siamese model is given a source"
        both = self.projection(self.encoder(self.stem(torch.cat((inputs, source.inputs)))))
        x, y = both.chunk(2)
        x, y = self.one.place(x, self.one.context()), self.two.place(y, self.two.context())
        for block in range(self.depth):
            seen_by_one, seen_by_two = Memory(tokens=y), Memory(tokens=x)
            x = self.one.run(x, self.one.context(memory=seen_by_one), block, block + 1)
            y = self.two.run(y, self.two.context(memory=seen_by_two), block, block + 1)
        views = (self.one.close(view, self.one.context()) for view in (x, y))
        return torch.stack([self._pixels(head(view)) for head, view in zip(self.heads, views, strict=True)], 1)

    def _pixels(self, told: Tensor) -> Tensor:
        """(B, rows * cells, columns * h * w) -> (B, columns, H, W)."""
        parts = told.unflatten(2, (self.columns, *self.patch)).unflatten(
            1, self.grid
        )  # (B, rows, cells, columns, h, w)
        return parts.permute(0, 3, 1, 4, 2, 5).flatten(4, 5).flatten(2, 3)
