"""Topologies with their stems as whole small models, each beside its bare loop."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from choices_formulas import HEADS
from choices_loops import (
    Loop,
    Stem,
    dual,
    encoder_decoder,
    interleaved,
    nested,
    of_frames,
    of_patches,
    of_tokens,
    pyramid,
    siamese,
    single,
)
from torch import Tensor

from paretoformer.records.signature import (
    ClassOutput,
    DenseOutput,
    ImageInput,
    Input,
    Output,
    SeriesInput,
    Signature,
    TokenInput,
    TokenOutput,
)
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Model, PairModel, Source
from paretoformer.search_spaces.space import SearchSpace

VOCABULARY, CLASSES, DEPTH = 256, 10, 2
CHANNELS, PATCH, FRAME = 3, 4, 4
BELOW_ONE = 1 - 1e-6
"""A threshold at which similarity is computed, and no block is left out."""


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A model, its loop, and what both are given: the input, and the source where there is one."""

    name: str
    model: Model
    loop: Loop
    inputs: tuple[Tensor, ...]

    def call(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The model's output; that of a pass of training where it has vectors to compare beside it."""
        given, *others = inputs
        if not others:
            output: Tensor = self.model(given)
            return output
        source = Source(others[0])
        if isinstance(self.model, PairModel):
            pair = self.model.pair(given, None, source)
            return pair.logits, pair.text, pair.source
        of_both: Tensor = self.model(given, source=source)
        return of_both


@dataclass(frozen=True)
class Examples:
    """What models are given and asked, at one size: `length` tokens, frames or patches."""

    batch: int
    length: int

    @property
    def side(self) -> int:
        """Pixels of an image of so many patches."""
        return PATCH << (self.length.bit_length() - 1) // 2

    @property
    def tokens(self) -> Input:
        """A sequence."""
        return TokenInput(vocabulary=VOCABULARY, length=self.length)

    @property
    def pixels(self) -> Input:
        """An image."""
        return ImageInput(channels=CHANNELS, height=self.side, width=self.side)

    @property
    def series(self) -> Input:
        """Frames of numbers."""
        return SeriesInput(channels=CHANNELS, length=FRAME * self.length)

    def ids(self, seed: int = 1) -> Tensor:
        """Tokens."""
        return torch.randint(VOCABULARY, (self.batch, self.length), generator=torch.Generator().manual_seed(seed))

    def images(self, seed: int = 1) -> Tensor:
        """Images."""
        shape = (self.batch, CHANNELS, self.side, self.side)
        return torch.randn(shape, generator=torch.Generator().manual_seed(seed))

    def numbers(self) -> Tensor:
        """Series."""
        shape = (self.batch, FRAME * self.length, CHANNELS)
        return torch.randn(shape, generator=torch.Generator().manual_seed(1))


CLASS, NEXT = ClassOutput(classes=CLASSES), TokenOutput(vocabulary=VOCABULARY)


def whole_models(batch: int, length: int, width: int) -> Iterator[Whole]:
    """Every topology, and every stem, with softmax attention and gelu in blocks of `width` channels."""
    given = Examples(batch, length)
    yield from one_stack(given, width)
    yield from several_stacks(given, width)
    yield from two_inputs(given, width)


def one_stack(given: Examples, width: int) -> Iterator[Whole]:
    """Encoders of tokens, patches and frames, a decoder, and an encoder that may be left early."""
    every: tuple[tuple[str, str, Input, Output, Stem, Tensor], ...] = (
        ("encoder", "tokens", given.tokens, CLASS, of_tokens, given.ids()),
        ("decoder", "tokens", given.tokens, NEXT, of_tokens, given.ids()),
        ("encoder", "patches", given.pixels, CLASS, of_patches, given.images()),
        ("encoder", "frames", given.series, CLASS, of_frames, given.numbers()),
    )
    for topology, stem, asked, output, read, inputs in every:
        model = model_of(topology, stem, {"depth": DEPTH, "width": width}, Signature(input=asked, output=output))
        loop = single(model, read, topology == "decoder")
        yield Whole(name=f"topology {topology}, stem {stem}", model=model, loop=loop, inputs=(inputs,))
    dimensions = {"depth": DEPTH, "width": width, "exit": "similarity"}
    left: Any = model_of("encoder", "tokens", dimensions, Signature(input=given.tokens, output=CLASS))
    left.stack.exit.threshold = BELOW_ONE
    yield Whole(name="exit similarity", model=left, loop=single(left, of_tokens, False), inputs=(given.ids(),))


def several_stacks(given: Examples, width: int) -> Iterator[Whole]:
    """A pyramid whose first stage is a quarter as wide, words a quarter as wide as sentences, and groups with latents."""
    of_image, classes = (Signature(input=each, output=CLASS) for each in (given.pixels, given.tokens))
    widths = {f"stage{number}.width": width * number // 4 for number in (1, 2, 3, 4)}
    stages = model_of("pyramid", "patches", {"depth": 1, "topology.kernel": 2, **widths}, of_image)
    yield Whole(name="topology pyramid, stem patches", model=stages, loop=pyramid(stages), inputs=(given.images(),))
    dimensions: dict[str, Any] = {
        "depth": DEPTH,
        "inner.width": width // 4,
        "outer.width": width,
        "stem.size": PATCH // 2,
    }
    words = model_of("nested", "patches", dimensions, of_image)
    yield Whole(name="topology nested", model=words, loop=nested(words), inputs=(given.images(),))
    depths = {"local.depth": DEPTH + 1, "read.depth": DEPTH, "latent.depth": DEPTH, "write.depth": DEPTH}
    for name, causal, signature in (
        ("interleaved", False, classes),
        ("interleaved-causal", True, Signature(input=given.tokens, output=NEXT)),
    ):
        groups = model_of("interleaved", "tokens", {"width": width, "topology.causal": causal, **depths}, signature)
        yield Whole(name=f"topology {name}", model=groups, loop=interleaved(groups), inputs=(given.ids(),))


def two_inputs(given: Examples, width: int) -> Iterator[Whole]:
    """A text beside a text, a text beside an image, and two images."""
    dimensions: dict[str, Any] = {"depth": DEPTH, "width": width}
    text = Signature(input=given.tokens, output=NEXT, source=given.tokens)
    pair = model_of("encoder-decoder", "tokens", dimensions, text)
    texts = (given.ids(), given.ids(2))
    yield Whole(name="topology encoder-decoder", model=pair, loop=encoder_decoder(pair), inputs=texts)
    captioned = Signature(input=given.tokens, output=NEXT, source=given.pixels)
    towers = model_of("dual", "tokens", {**dimensions, "source": "patches", "source.size": PATCH}, captioned)
    yield Whole(name="topology dual", model=towers, loop=dual(towers), inputs=(given.ids(), given.images()))
    seen = Signature(input=given.pixels, output=DenseOutput(channels=1), source=given.pixels)
    views = model_of("siamese", "patches", dimensions, seen)
    images = (given.images(), given.images(2))
    yield Whole(name="topology siamese", model=views, loop=siamese(views), inputs=images)


CROSSED = ("encoder-decoder", "dual", "interleaved", "siamese")


def model_of(topology: str, stem: str, dimensions: dict[str, Any], signature: Signature) -> Model:
    """The one model of a space without choices."""
    own: dict[str, Any] = {"mixer": "softmax", "mixer.heads": HEADS}
    if topology in CROSSED:
        own |= {"cross": "softmax", "cross.heads": HEADS}
    if stem != "tokens":
        own |= {"stem.size": PATCH if stem == "patches" else FRAME}
    space = {"name": "one", "title": "One", "topology": topology, "stem": stem, "dimensions": {**own, **dimensions}}
    return build(SearchSpace.from_dict(space).decode({}).architecture, signature, seed=0)
