"""The models of choices_models.py as bare loops of torch's functions over the models' own weights."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from choices_formulas import HEADS
from torch import Tensor
from torch.nn.functional import conv2d, embedding, gelu, layer_norm, linear, scaled_dot_product_attention

Stem = Callable[[Any, Tensor], Tensor]
Loop = Callable[..., Tensor | tuple[Tensor, ...]]


def of_tokens(stem: Any, ids: Tensor) -> Tensor:
    """Rows of the stem's table."""
    return embedding(ids, next(stem.parameters()))


def of_patches(stem: Any, image: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, N, D)."""
    return conv2d(image, stem.cut.weight, stem.cut.bias, stride=stem.cut.stride).flatten(2).mT.contiguous()


def of_frames(stem: Any, series: Tensor) -> Tensor:
    """(B, N, C) -> (B, N / size, D)."""
    return mapped(stem.map, series.unflatten(1, (-1, stem.size)).flatten(2))


def mapped(layer: Any, x: Tensor) -> Tensor:
    """A linear layer."""
    return linear(x, layer.weight, layer.bias)


def normed(m: Any, x: Tensor) -> Tensor:
    """Layer norm, by torch's module or one of ours around it."""
    own = getattr(m, "norm", m)
    return layer_norm(x, x.shape[-1:], own.weight, own.bias, own.eps)


def heads(x: Tensor, parts: int) -> tuple[Tensor, ...]:
    """(B, N, parts * D) -> (B, H, N, d) each."""
    return x.unflatten(-1, (parts, HEADS, -1)).permute(2, 0, 3, 1, 4).unbind()


def merged(layer: Any, y: Tensor) -> Tensor:
    """(B, H, N, d) -> (B, N, D)."""
    return mapped(layer, y.transpose(1, 2).flatten(2))


def attended(m: Any, x: Tensor, causal: bool, mask: Tensor | None) -> Tensor:
    """Softmax attention."""
    q, k, v = heads(mapped(m.qkv, x), 3)
    return merged(m.out, scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal))


def crossed(m: Any, x: Tensor, memory: Tensor) -> Tensor:
    """Softmax attention to a memory."""
    (q,), (k, v) = heads(mapped(m.q, x), 1), heads(mapped(m.kv, memory), 2)
    return merged(m.out, scaled_dot_product_attention(q, k, v))


def fed(m: Any, x: Tensor) -> Tensor:
    """Two layers and a gelu."""
    return mapped(m.down, gelu(mapped(m.up, x)))


def blocks(
    branches: Iterable[Any],
    x: Tensor,
    causal: bool = False,
    memory: Tensor | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """Attention, attention to a memory, and feed-forward in turns, a norm before each."""
    for branch in branches:
        y = normed(branch.norm, x)
        if hasattr(branch.body, "qkv"):
            x = x + attended(branch.body, y, causal, mask)
        elif memory is not None and hasattr(branch.body, "kv"):
            read = memory if branch.memory_norm is None else normed(branch.memory_norm, memory)
            x = x + crossed(branch.body, y, read)
        else:
            x = x + fed(branch.body, y)
    return x


def stacked(stack: Any, x: Tensor, causal: bool = False, memory: Tensor | None = None) -> Tensor:
    """All blocks and the norm at their end."""
    return normed(stack.final_norm, blocks(stack.branches, x, causal, memory))


def single(m: Any, stem: Stem, causal: bool) -> Loop:
    """One stack, and the head on all tokens if causal, else on their mean."""

    def call(inputs: Tensor) -> Tensor:
        x = stacked(m.stack, stem(m.stem, inputs), causal)
        return mapped(m.head, x if causal else x.mean(1))

    return call


def pyramid(m: Any) -> Loop:
    """Stages with a strided convolution between each two."""

    def call(image: Tensor) -> Tensor:
        x = blocks(m.stages[0].branches, of_patches(m.stem, image))
        for stage, between, grid in zip(list(m.stages)[1:], m.between, m.grids, strict=False):
            kernel = between.convolution
            planes = conv2d(x.mT.unflatten(2, grid), kernel.weight, kernel.bias, stride=2)
            x = blocks(stage.branches, planes.flatten(2).mT)
        return mapped(m.head, normed(m.stages[-1].final_norm, x).mean(1))

    return call


def encoder_decoder(m: Any) -> Loop:
    """A causal stack that reads what an encoder makes of the source."""

    def call(ids: Tensor, source: Tensor) -> Tensor:
        memory = stacked(m.encoder, of_tokens(m.source_stem, source))
        return mapped(m.head, stacked(m.decoder, of_tokens(m.stem, ids), True, memory))

    return call


def dual(m: Any) -> Loop:
    """Logits of a captioner, and the vectors of text and image: a pass of its training."""

    def pooled(pooler: Any, memory: Tensor) -> Tensor:
        (q,) = heads(mapped(pooler.q, normed(pooler.query_norm, pooler.queries))[None], 1)
        k, v = heads(mapped(pooler.kv, normed(pooler.memory_norm, memory)), 2)
        return normed(pooler.norm, merged(pooler.out, scaled_dot_product_attention(q.expand(len(k), -1, -1, -1), k, v)))

    def call(ids: Tensor, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        memory = pooled(m.pooler, stacked(m.encoder, of_patches(m.source_stem, image)))
        x = torch.cat((of_tokens(m.stem, ids), m.text_token.expand(len(ids), 1, -1)), 1)
        x = blocks(m.unimodal.branches, x, True)
        text = normed(m.text_norm, x[:, -1])
        logits = mapped(m.head, stacked(m.multimodal, x[:, :-1], True, memory))
        return logits, text, pooled(m.contrast_pooler, memory)[:, 0]

    return call


def nested(m: Any) -> Loop:
    """As in timm's TNT: blocks among the words of each sentence, told to it, and blocks among sentences."""

    def call(image: Tensor) -> Tensor:
        side, (rows, cells) = m.words, m.grid
        words = of_patches(m.stem, image).unflatten(1, (rows // side, side, cells // side, side))
        words = words.transpose(2, 3).reshape(len(image) * (rows // side) * (cells // side), side**2, -1)
        x = m.summary.expand(len(image), -1, -1)
        x = torch.cat((x, x.new_zeros(len(image), len(words) // len(image), x.shape[2])), 1)
        for inner, injection, outer in zip(by(2, m.inner), m.injections, by(2, m.outer), strict=True):
            words = blocks(inner, words)
            told = mapped(injection, words.flatten(1).unflatten(0, (len(image), -1)))
            x = blocks(outer, torch.cat((x[:, :1], x[:, 1:] + told), 1))
        return mapped(m.head, normed(m.outer.final_norm, x)[:, 0])

    return call


def interleaved(m: Any) -> Loop:
    """Blocks within groups, latents that read them, blocks among latents, tokens that read their group's or the last one's."""
    causal = m.causal

    def call(ids: Tensor) -> Tensor:
        batch, groups = len(ids), ids.shape[1] // m.group
        x = of_tokens(m.stem, ids).unflatten(1, (groups, -1)).flatten(0, 1)
        z = m.latents.expand(batch, -1, -1)
        of = torch.arange(len(m.latents)) // m.count
        mask = of[:, None] >= of if causal else None
        *local, last = by(2, m.local)
        for near, read, latent, write in zip(local, by(1, m.read), by(2, m.latent), by(1, m.write), strict=True):
            x = blocks(near, x, causal)
            z = blocks(read, z.reshape(len(x), m.count, -1), memory=x).view_as(z)
            z = blocks(latent, z, mask=mask)
            own = z.unflatten(1, (groups, -1))
            own = torch.cat((torch.zeros_like(own[:, :1]), own[:, :-1]), 1) if causal else own
            x = blocks(write, x, memory=own.flatten(0, 1))
        x = normed(m.local.final_norm, blocks(last, x, causal)).unflatten(0, (batch, -1)).flatten(1, 2)
        return mapped(m.head, x if causal else x.mean(1))

    return call


def siamese(m: Any) -> Loop:
    """Two views through one encoder, and two stacks each of whose blocks reads what the other gave before."""

    def pixels(told: Tensor) -> Tensor:
        parts = told.unflatten(2, (m.columns, *m.patch)).unflatten(1, m.grid)
        return parts.permute(0, 3, 1, 4, 2, 5).flatten(4, 5).flatten(2, 3)

    def call(image: Tensor, other: Tensor) -> Tensor:
        both = mapped(m.projection, stacked(m.encoder, of_patches(m.stem, torch.cat((image, other)))))
        x, y = both.chunk(2)
        for one, two in zip(by(3, m.one), by(3, m.two), strict=True):
            x, y = blocks(one, x, memory=y), blocks(two, y, memory=x)
        told = (mapped(head, normed(m.one.final_norm, view)) for head, view in zip(m.heads, (x, y), strict=True))
        return torch.stack([pixels(each) for each in told], 1)

    return call


def by(count: int, stack: Any) -> list[list[Any]]:
    """The branches of each block, `count` of them."""
    branches = list(stack.branches)
    return [branches[first : first + count] for first in range(0, len(branches), count)]
