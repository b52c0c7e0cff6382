"""Attention in blocks: each block of queries reads keys of its own, so that no N x N scores are made."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from paretoformer.kernels.block_attention import block_attention
from paretoformer.search_spaces.contract.attention import Attention

LEAST_BLOCK = 32
"""Queries of a block of a sliding window, at least: smaller blocks cost more in calls than they save in products."""


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """n blocks of T queries and S keys each.

    q: (B, H, n, T, d). k, v: (B, Hkv, n, S, d). queries (n, T) and keys (n, S) are positions; those below 0 or past `last`
    hold nothing. seen: (B or 1, n, T, S) bool.
    """

    q: Tensor
    k: Tensor
    v: Tensor
    queries: Tensor
    keys: Tensor
    seen: Tensor
    last: int


@dataclass(frozen=True)
class Window:
    """What a token reads: itself, `before` tokens back, `after` ahead, and the first `special` of the sequence."""

    before: int
    after: int
    special: int = 0

    def within(self, length: int) -> "Window":
        """The part of it that a sequence of `length` tokens can use."""
        return Window(min(self.before, length - 1), min(self.after, length - 1), min(self.special, length))

    def cut(self, length: int) -> tuple[int, int]:
        """(queries, keys) of each block that `length` tokens are cut in; one block where cutting saves nothing."""
        queries = max(LEAST_BLOCK, -(-(self.before + self.after) // 4))
        keys = queries + self.before + self.after + self.special
        return (length, length) if keys >= length else (queries, keys)

    def pairs(self, length: int) -> int:
        """Pairs of a query and a key whose scores are computed for `length` tokens, masked ones too."""
        queries, keys = self.within(length).cut(length)
        return -(-length // queries) * queries * keys


class BlockedAttention(Attention):
    """Base of attentions that make scores of blocks of queries and keys only."""

    def attended(self, blocks: Blocks, heads: slice = slice(None)) -> Tensor:
        """Softmax attention of each block's queries to its keys, in some of the heads: (B, H', n, T, d).

        Every query sees a key; and each head has keys of its own where not all heads are asked for.
        """
        q, k, v = blocks.q[:, heads], blocks.k[:, heads], blocks.v[:, heads]
        mask, bias = blocks.seen[:, :, None], self._bias(blocks)
        if bias is not None:
            mask = bias[:, :, heads].to(q.dtype).masked_fill(~mask, -torch.inf)
        return block_attention(q, k, v, mask)

    def summed(self, blocks: Blocks) -> tuple[Tensor, Tensor]:
        """The same (B, H, n, T, d), and the logarithm of the sum of each query's exponentials (B, H, n, T), in fp32.

        A query that sees no key gets 0 and a logarithm far below all others. Costs the memory of all scores of the blocks.
        """
        repeats = blocks.q.shape[1] // blocks.k.shape[1]
        k, v = (x.repeat_interleave(repeats, 1) for x in (blocks.k, blocks.v))
        scores = blocks.q @ k.mT / blocks.q.shape[-1] ** 0.5
        scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
        bias = self._bias(blocks)
        if bias is not None:
            scores = scores + bias.transpose(1, 2)
        unseen = ~blocks.seen[:, None]
        scores = scores.masked_fill(unseen, torch.finfo(scores.dtype).min)
        most = scores.detach().amax(-1, keepdim=True)
        weights = (scores - most).exp().masked_fill(unseen, 0.0)
        total = weights.sum(-1, keepdim=True).clamp_min(torch.finfo(scores.dtype).tiny)
        return weights.to(v.dtype) @ v / total.to(v.dtype), (most + total.log()).squeeze(-1)

    def _bias(self, blocks: Blocks) -> Tensor | None:
        """What the stack's position adds to the scores of each block, (B or 1, n, H, T, S), or None."""
        queries, keys = (places.clamp(0, blocks.last) for places in (blocks.queries, blocks.keys))
        found = []
        for block in range(blocks.q.shape[2]):
            bias = self.position.bias(blocks.q[:, :, block], queries[block], keys[block])
            if bias is None:
                return None
            found.append(bias if bias.ndim == 4 else bias[None])
        return torch.stack(found, 1)


def local_blocks(
    q: Tensor, k: Tensor, v: Tensor, size: int, causal: bool, first: int = 0, lengths: Tensor | None = None
) -> Blocks:
    """Blocks of `size` tokens, each of which reads itself, or what is not later where `causal`.

    q: (B, H, T, d), k, v: (B, Hkv, T, d), all at positions `first` and on, a multiple of `size`; lengths: (B,).
    """
    tokens = q.shape[2]
    size = min(size, tokens)
    blocks = -(-tokens // size)
    q, k, v = (pad(x, (0, 0, 0, blocks * size - tokens)).unflatten(2, (blocks, size)) for x in (q, k, v))
    places = torch.arange(first, first + blocks * size, device=q.device).view(blocks, size)
    ahead = places[:, None] - places[..., None]
    seen = (ahead <= 0 if causal else ahead < size) & present(places, first + tokens, lengths)
    return Blocks(q=q, k=k, v=v, queries=places, keys=places, seen=seen | (ahead == 0), last=first + tokens - 1)


def local_pairs(length: int, size: int) -> int:
    """Pairs of a query and a key in the blocks that `local_blocks` makes of `length` tokens, masked ones too."""
    size = min(size, length)
    return -(-length // size) * size**2


def window_blocks(
    q: Tensor, k: Tensor, v: Tensor, window: Window, first: int = 0, lengths: Tensor | None = None
) -> Blocks:
    """Blocks of queries, each with the keys that are near any of them.

    q: (B, H, T, d), at positions `first` and on. k, v: (B, Hkv, P + T, d), at positions `first` - P and on, P at most
    `window.before`. With special tokens `first` is 0. lengths: (B,).
    """
    tokens, past, last = q.shape[2], k.shape[2] - q.shape[2], first + q.shape[2] - 1
    window = Window(min(window.before, last), min(window.after, tokens - 1), min(window.special, tokens))
    size, span = window.cut(tokens)
    blocks = -(-tokens // size)
    queries = torch.arange(first, first + blocks * size, device=q.device).view(blocks, size)
    if blocks == 1:
        keys = torch.arange(first - past, first + tokens, device=q.device)[None]
        k, v = k[:, :, None], v[:, :, None]
    else:
        keys = queries[:, :1] - window.before + torch.arange(span - window.special, device=q.device)
        k, v = (_spans(x, window, past, (blocks, size, span)) for x in (k, v))
        q = pad(q, (0, 0, 0, blocks * size - tokens))
    near = _near(queries, keys, window, blocks > 1)
    if blocks > 1 and window.special:
        keys = torch.cat((keys, torch.arange(window.special, device=q.device).expand(blocks, -1)), 1)
    seen = near & present(keys, last + 1, lengths) | (keys[:, None] == queries[..., None])
    return Blocks(q=q.unflatten(2, (blocks, size)), k=k, v=v, queries=queries, keys=keys, seen=seen, last=last)


def present(keys: Tensor, end: int, lengths: Tensor | None) -> Tensor:
    """Whether a valid token stands at keys (n, S), of which there are those from 0 to `end`: (B or 1, n, 1, S)."""
    there = ((keys >= 0) & (keys < end))[None, :, None]
    return there if lengths is None else there & (keys[:, None] < lengths[:, None, None, None])


def _near(queries: Tensor, keys: Tensor, window: Window, apart: bool) -> Tensor:
    """Which keys (n, S) are read from queries (n, T): (n, T, S), special ones by all; (n, T, S + special) if `apart`."""
    ahead = keys[:, None] - queries[..., None]
    near = (ahead >= -window.before) & (ahead <= window.after)
    special = (keys < window.special)[:, None]
    return pad(near & ~special, (0, window.special), value=True) if apart else near | special


def _spans(x: Tensor, window: Window, past: int, cut: tuple[int, int, int]) -> Tensor:
    """(B, H, P + T, d) -> (B, H, n, S, d): what each block of queries reads, the special tokens last."""
    blocks, size, span = cut
    missing = blocks * size - (x.shape[2] - past)
    padded = pad(x, (0, 0, window.before - past, missing + window.after))
    spans = padded.unfold(2, span - window.special, size).mT
    special = x[:, :, None, : window.special].expand(-1, -1, blocks, -1, -1)
    return torch.cat((spans, special), 3) if window.special else spans
