"""Topologies with their stems as whole small models, and the same as a bare loop over the same weights."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from choices_formulas import HEADS
from torch import Tensor, nn
from torch.nn.functional import conv2d, embedding, gelu, layer_norm, linear, scaled_dot_product_attention

from paretoformer.records.signature import ClassOutput, ImageInput, Signature, TokenInput, TokenOutput
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.space import SearchSpace

VOCABULARY, CLASSES, DEPTH = 256, 10, 2
CHANNELS, PATCH = 3, 4


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A model, its loop, and what both are given."""

    name: str
    model: nn.Module
    loop: Callable[[Tensor], Tensor]
    inputs: Tensor


def whole_models(batch: int, length: int, width: int) -> Iterator[Whole]:
    """Encoder and decoder on tokens, encoder and pyramid on patches; `length` tokens or patches."""
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(VOCABULARY, (batch, length), generator=generator)
    side = PATCH << (length.bit_length() - 1) // 2
    image = torch.randn(batch, CHANNELS, side, side, generator=generator)
    tokens, pixels = (
        TokenInput(vocabulary=VOCABULARY, length=length),
        ImageInput(channels=CHANNELS, height=side, width=side),
    )
    classes = ClassOutput(classes=CLASSES)
    encoder, decoder = (
        single(name, "tokens", width, Signature(input=tokens, output=output))
        for name, output in (("encoder", classes), ("decoder", TokenOutput(vocabulary=VOCABULARY)))
    )
    yield Whole(name="topology encoder, stem tokens", model=encoder, loop=looped(encoder, of_tokens, False), inputs=ids)
    yield Whole(name="topology decoder, stem tokens", model=decoder, loop=looped(decoder, of_tokens, True), inputs=ids)
    patched = single("encoder", "patches", width, Signature(input=pixels, output=classes))
    yield Whole(
        name="topology encoder, stem patches", model=patched, loop=looped(patched, of_patches, False), inputs=image
    )
    stages = pyramid(width, Signature(input=pixels, output=classes))
    yield Whole(name="topology pyramid, stem patches", model=stages, loop=staged(stages), inputs=image)


def single(topology: str, stem: str, width: int, signature: Signature) -> nn.Module:
    """Softmax attention and gelu, in a stack of two blocks."""
    dimensions = {"depth": DEPTH, "width": width, "mixer": "softmax", "mixer.heads": HEADS}
    return model_of(topology, stem, dimensions, signature)


def pyramid(width: int, signature: Signature) -> nn.Module:
    """The same in four stages, the first a quarter as wide."""
    dimensions: dict[str, Any] = {"mixer": "softmax", "mixer.heads": HEADS, "depth": 1, "topology.kernel": 2}
    widths = {f"stage{number}.width": width * number // 4 for number in (1, 2, 3, 4)}
    return model_of("pyramid", "patches", {**dimensions, **widths}, signature)


def model_of(topology: str, stem: str, dimensions: dict[str, Any], signature: Signature) -> nn.Module:
    """The one model of a space without choices."""
    size = {"stem.size": PATCH} if stem == "patches" else {}
    space = {"name": "one", "title": "One", "topology": topology, "stem": stem, "dimensions": {**dimensions, **size}}
    return build(SearchSpace.from_dict(space).decode({}).architecture, signature, seed=0)


def of_tokens(m: Any, ids: Tensor) -> Tensor:
    """Rows of the stem's table."""
    return embedding(ids, next(m.stem.parameters()))


def of_patches(m: Any, image: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, N, D)."""
    return conv2d(image, m.stem.cut.weight, m.stem.cut.bias, stride=PATCH).flatten(2).mT.contiguous()


def blocks(stack: Any, x: Tensor, causal: bool) -> Tensor:
    """Attention and feed-forward in turns, a norm before each."""
    for branch in stack.branches:
        y = normed(branch.norm, x)
        x = x + (attended(branch.body, y, causal) if hasattr(branch.body, "qkv") else fed(branch.body, y))
    return x


def normed(m: Any, x: Tensor) -> Tensor:
    """Layer norm."""
    return layer_norm(x, x.shape[-1:], m.norm.weight, m.norm.bias, m.norm.eps)


def attended(m: Any, x: Tensor, causal: bool) -> Tensor:
    """Softmax attention."""
    q, k, v = linear(x, m.qkv.weight, m.qkv.bias).unflatten(2, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
    y = scaled_dot_product_attention(q, k, v, is_causal=causal).transpose(1, 2).flatten(2)
    return linear(y, m.out.weight, m.out.bias)


def fed(m: Any, x: Tensor) -> Tensor:
    """Two layers and a gelu."""
    return linear(gelu(linear(x, m.up.weight, m.up.bias)), m.down.weight, m.down.bias)


def looped(m: Any, stem: Callable[[Any, Tensor], Tensor], causal: bool) -> Callable[[Tensor], Tensor]:
    """Stem, blocks, norm, and the head on all tokens if causal, else on their mean."""

    def call(inputs: Tensor) -> Tensor:
        x = normed(m.stack.final_norm, blocks(m.stack, stem(m, inputs), causal))
        return linear(x if causal else x.mean(1), m.head.weight, m.head.bias)

    return call


def staged(m: Any) -> Callable[[Tensor], Tensor]:
    """Stem, stages with a strided convolution between each two, norm, mean, head."""

    def call(image: Tensor) -> Tensor:
        x = blocks(m.stages[0], of_patches(m, image), False)
        for stage, between, grid in zip(list(m.stages)[1:], m.between, m.grids, strict=False):
            kernel = between.convolution
            planes = conv2d(x.mT.unflatten(2, grid), kernel.weight, kernel.bias, stride=2)
            x = blocks(stage, planes.flatten(2).mT, False)
        return linear(normed(m.stages[-1].final_norm, x).mean(1), m.head.weight, m.head.bias)

    return call
