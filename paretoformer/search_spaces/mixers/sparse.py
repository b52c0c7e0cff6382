"""Factorised sparse attention: a near pattern and a far pattern, fixed or strided."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, Self

import torch
from torch import Tensor
from torch.nn.functional import pad

from paretoformer.search_spaces.contract import AttentionConfig, Capability, Context, Site
from paretoformer.search_spaces.parts.blocks import BlockedAttention, Blocks, Window, present, window_blocks
from paretoformer.search_spaces.registry import register


@register(
    "mixer",
    "sparse",
    papers=(20,),
    capabilities=(Capability.CAUSAL, Capability.BIDIRECTIONAL, Capability.SCORE_BIAS, Capability.ROTARY),
)
@dataclass(frozen=True, kw_only=True)
class SparseConfig(AttentionConfig):
    """Softmax attention over two sets of tokens, which together reach every token in two layers.

    fixed: the token's block of `stride` tokens, and the last `summary` tokens of every block. strided: the `stride` tokens
    before it, and every token at a multiple of `stride` from it. With `form` heads the first half of the heads reads the
    near set and the other the far one; merged reads the union in every head; lra is the fixed union with the first
    token of each block added, as in the Long-Range Arena. A far set without a token gives 0.
    Cost: projections and about N (stride + N summary / stride) D MACs (strided: N / stride instead), with `stride` near
    sqrt(N) O(N sqrt(N)); decoding keeps all keys and values.
    Source: Child et al. 2019, section 4 (paper 20). That the two sets go to different heads, one of the three ways which the
    paper names, is second hand; summaries that differ by head are left out. The bidirectional form mirrors both sets and
    is ours.
    """

    pattern: Literal["fixed", "strided"] = "fixed"
    stride: int = 128
    summary: int = 32
    form: Literal["heads", "merged", "lra"] = "heads"

    def canonical(self) -> Self:
        """The strided pattern has no summaries, so that lra is merged there."""
        own = super().canonical()
        if own.pattern == "fixed":
            return own
        return replace(own, summary=type(self).summary, form="merged" if own.form == "lra" else own.form)

    def problems(self, site: Site) -> Iterator[str]:
        """Blocks lie inside the sequence, summaries inside blocks, and two sets need two heads."""
        yield from super().problems(site)
        if self.stride > site.length:
            yield f"mixer sparse has a stride of {self.stride} tokens, and {site} has {site.length} in all; use at most {site.length}"
        if self.stride < 2:
            yield f"mixer sparse has a stride of {self.stride}, and leaves no token of {site} out; stride is at least 2"
        if self.pattern == "fixed" and self.summary >= self.stride:
            yield f"mixer sparse has {self.summary} summary tokens a block, and blocks have {self.stride}; summary is below stride"
        if self.form == "heads" and self.heads < 2:
            yield "mixer sparse has 1 head, and in form heads its near and far set need one each; use form merged, or more heads"

    def build(self, site: Site) -> "Sparse":
        """The attention for `site`."""
        return Fixed(self, site) if self.pattern == "fixed" else Strided(self, site)

    def macs(self, site: Site, length: int) -> int:
        """Projections, and scores and weighted sums of all pairs in blocks, masked ones too."""
        near, far = self._fixed_pairs(site, length) if self.pattern == "fixed" else self._strided_pairs(site, length)
        apart = self.form == "heads"
        pairs = self.near_heads * near + (self.heads - self.near_heads if apart else self.heads) * far
        products = 2 * pairs * self.head(site)
        return self.projection_macs(site, length) + products + self.position_macs(site, length)

    def step_macs(self, site: Site, context: int) -> int:
        """The token reads its near and its far set."""
        begun = context - context % self.stride
        if self.pattern == "fixed":
            near, far = context + 1 - begun, self.columns(context + 1 if self.form == "heads" else begun)
        else:
            near, far = min(context, self.stride) + 1, context // min(self.stride, context + 1) + 1
        pairs = self.near_heads * near + (self.heads - self.near_heads if self.form == "heads" else self.heads) * far
        return self.projection_macs(site, 1) + 2 * pairs * self.head(site) + self.position_macs(site, 1)

    def state_bytes(self, site: Site, length: int) -> int:
        """Keys and values of all tokens."""
        return 4 * 2 * length * self.kv * self.head(site)

    @property
    def near_heads(self) -> int:
        """Heads that read the near set."""
        return self.heads - self.heads // 2 if self.form == "heads" else self.heads

    def columns(self, tokens: int) -> int:
        """How many of the first `tokens` tokens are summaries."""
        whole, rest = divmod(tokens, self.stride)
        begun = self.form == "lra"
        return whole * (self.summary + begun) + max(0, rest - self.stride + self.summary) + (begun and rest > 0)

    def _fixed_pairs(self, site: Site, length: int) -> tuple[int, int]:
        """Pairs of each head's near and far set."""
        near = far = 0
        for begun in range(0, length, self.stride):
            end = min(begun + self.stride, length)
            seen = self.columns(end if site.causal else length)
            outside = seen if self.form == "heads" else seen - self.columns(end) + self.columns(begun)
            near, far = near + (end - begun) ** 2, far + (end - begun) * outside
        return near, far

    def _strided_pairs(self, site: Site, length: int) -> tuple[int, int]:
        """Pairs of each head's near and far set."""
        near, size = Window(self.stride, 0 if site.causal else self.stride), min(self.stride, length)
        return near.pairs(length), size * (-(-length // size)) ** 2


@dataclass(frozen=True)
class KeyValues:
    """Keys and values (B, Hkv, capacity, d), of which the first `seen` are filled."""

    k: Tensor
    v: Tensor
    seen: int = 0


class Sparse(BlockedAttention):
    """Base of the modules of `SparseConfig`."""

    def __init__(self, config: SparseConfig, site: Site) -> None:
        super().__init__(config, site)
        self.stride, self.apart = config.stride, config.form == "heads"
        self.near, self.far = slice(0, config.near_heads), slice(config.near_heads, None)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        q, k, v = self.project(x)
        q, k = self.rotated(q, context), self.rotated(k, context)
        return self.merge(self._read(q, k, v, context))

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> KeyValues:
        """Room for `capacity` keys and values."""
        shape = (batch, self.kv_heads, capacity, self.head_width)
        return KeyValues(like.new_zeros(shape), like.new_zeros(shape))

    def extend(self, x: Tensor, state: KeyValues, context: Context) -> tuple[Tensor, KeyValues]:
        """x: (B, T, D); the state's tensors are written in place."""
        q, k, v = self.project(x)
        q, k = self.rotated(q, context), self.rotated(k, context)
        end = state.seen + x.shape[1]
        state.k[:, :, state.seen : end], state.v[:, :, state.seen : end] = k, v
        y = self._read(q, state.k[:, :, :end], state.v[:, :, :end], context)
        return self.merge(y), KeyValues(state.k, state.v, end)

    def _read(self, q: Tensor, k: Tensor, v: Tensor, context: Context) -> Tensor:
        """The last T of N tokens read all: q (B, H, T, d), k, v (B, Hkv, N, d) -> (B, H, T, d)."""
        if self.apart:
            k, v = (x.repeat_interleave(self.heads // self.kv_heads, 1) for x in (k, v))
        return self._patterns(q, k, v, context)

    def _patterns(self, q: Tensor, k: Tensor, v: Tensor, context: Context) -> Tensor:
        raise NotImplementedError


class Fixed(Sparse):
    """The module of the fixed pattern, block by block."""

    def __init__(self, config: SparseConfig, site: Site) -> None:
        super().__init__(config, site)
        self.columns = config.columns
        begun = [0] if config.form == "lra" else []
        self.summaries = (*begun, *range(config.stride - config.summary, config.stride))  # places in a block

    def _patterns(self, q: Tensor, k: Tensor, v: Tensor, context: Context) -> Tensor:
        total, first = k.shape[2], k.shape[2] - q.shape[2]
        places = torch.arange(total, device=q.device)
        within = torch.tensor(self.summaries, device=q.device)
        blocks = torch.arange(0, total, self.stride, device=q.device)
        summaries = (blocks[:, None] + within).flatten()[: self.columns(total)]
        found = []
        for start in range(first - first % self.stride, total, self.stride):
            end = min(start + self.stride, total)
            queries = places[max(first, start) : end]
            before, after = summaries[: self.columns(start)], summaries[self.columns(end) :]
            after = after[:0] if context.causal else after
            operands = (q[:, :, queries - first], k, v, queries)
            if self.apart:
                own = summaries[self.columns(start) : self.columns(end)]
                near = self._seen(*operands, places[start:end], context, self.near)
                far = self._seen(*operands, torch.cat((before, own, after)), context, self.far)
                found.append(torch.cat((near, far), 1))
            else:
                keys = torch.cat((before, places[start:end], after))
                found.append(self._seen(*operands, keys, context, self.near))
        return torch.cat(found, 2)

    def _seen(
        self, q: Tensor, k: Tensor, v: Tensor, queries: Tensor, keys: Tensor, context: Context, heads: slice
    ) -> Tensor:
        """Queries (B, H, T, d) read the keys at some positions, 0 where they see none: (B, H', T, d) of some heads."""
        if not keys.shape[0]:
            return torch.zeros_like(q[:, heads])
        seen = present(keys[None], k.shape[2], context.lengths)
        if context.causal:
            seen = seen & (keys <= queries[:, None])
        some = seen.any(-1, keepdim=True)
        blocks = Blocks(
            q=q[:, :, None],
            k=k[:, :, None, keys],
            v=v[:, :, None, keys],
            queries=queries[None],
            keys=keys[None],
            seen=(seen | ~some).expand(-1, -1, queries.shape[0], -1),
            last=k.shape[2] - 1,
        )
        return (self.attended(blocks, heads) * some[:, None]).squeeze(2)


class Strided(Sparse):
    """The module of the strided pattern: a window, and for each remainder of the stride the tokens that have it."""

    def _patterns(self, q: Tensor, k: Tensor, v: Tensor, context: Context) -> Tensor:
        tokens, first = q.shape[2], k.shape[2] - q.shape[2]
        past = max(0, first - self.stride)
        window = Window(self.stride, 0 if context.causal else self.stride)
        near = window_blocks(q, k[:, :, past:], v[:, :, past:], window, first, context.lengths)
        far = self._remainders(q, k, v, context)
        if self.apart:
            heads = (self._in_order(self.attended(far, self.far), first, tokens),)
            return torch.cat((self.attended(near, self.near).flatten(2, 3)[:, :, :tokens], *heads), 1)
        ahead = near.keys[:, None] - near.queries[..., None]
        near_y, near_sums = self.summed(replace(near, seen=near.seen & (ahead % self.stride != 0)))
        far_y, far_sums = (self._in_order(part, first, tokens) for part in self.summed(far))
        near_y, near_sums = near_y.flatten(2, 3)[:, :, :tokens], near_sums.flatten(2, 3)[:, :, :tokens]
        share = torch.sigmoid(near_sums - far_sums)[..., None].to(near_y.dtype)
        return share * near_y + (1 - share) * far_y

    def _remainders(self, q: Tensor, k: Tensor, v: Tensor, context: Context) -> Blocks:
        """A block for each remainder: (B, H, stride, rows, d); one alone for one query."""
        total, first = k.shape[2], k.shape[2] - q.shape[2]
        size = min(self.stride, total)
        places = torch.arange(-(-total // size) * size, device=q.device).view(-1, size).mT  # (size, rows)
        if q.shape[2] == 1:
            places = places[first % size :][:1, : first // size + 1]
            k, v, queries = k[:, :, None, places[0]], v[:, :, None, places[0]], places[:, -1:]
            q = q[:, :, None]
        else:
            queries = places[:, first // size :]
            q = _by_remainder(pad(q, (0, 0, first % size, -total % size)), size)
            k, v = (_by_remainder(pad(x, (0, 0, 0, -total % size)), size) for x in (k, v))
        seen = present(places, total, context.lengths)
        seen = seen & (places[:, None] <= queries[..., None]) if context.causal else seen
        seen = seen | (places[:, None] == queries[..., None])
        return Blocks(q=q, k=k, v=v, queries=queries, keys=places, seen=seen, last=total - 1)

    def _in_order(self, x: Tensor, first: int, tokens: int) -> Tensor:
        """(B, H, stride, rows, ...) -> (B, H, T, ...), of the tokens at `first` and on."""
        offset = first % x.shape[2]
        return x.transpose(2, 3).flatten(2, 3)[:, :, offset : offset + tokens]


def _by_remainder(x: Tensor, size: int) -> Tensor:
    """(B, H, rows * size, d) -> (B, H, size, rows, d)."""
    return x.unflatten(2, (-1, size)).transpose(2, 3)
