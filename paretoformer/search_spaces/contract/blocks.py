"""Attention in blocks: each block of queries reads keys of its own, so that no N x N scores are made."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad, scaled_dot_product_attention

from paretoformer.search_spaces.contract.attention import Attention

LEAST_BLOCK = 32
"""Queries of a block of a sliding window, at least: smaller blocks cost more in calls than they save in products."""


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

    def attend_blocks(
        self, q: Tensor, k: Tensor, v: Tensor, places: tuple[Tensor, Tensor], seen: Tensor, last: int
    ) -> Tensor:
        """Softmax attention of each block of queries to the keys of its block.

        Args:
            q: (B, H, n, T, d). k, v: (B, Hkv, n, S, d).
            places: positions of queries (n, T) and of keys (n, S); those past `last` or below 0 hold nothing.
            seen: (B or 1, n, T, S) bool; every query sees a key.
            last: the last position at which a token stands.

        Returns:
            (B, H, n, T, d).
        """
        batch, mask = q.shape[0], seen[:, :, None]
        bias = self.block_bias(q, places, last)
        if bias is not None:
            mask = bias.to(q.dtype).masked_fill(~mask, -torch.inf)
        mask = mask.expand(batch, *mask.shape[1:]).flatten(0, 1)
        grouped = q.shape[1] != k.shape[1]
        q, k, v = (x.transpose(1, 2).flatten(0, 1) for x in (q, k, v))
        y = scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=grouped)
        return y.unflatten(0, (batch, -1)).transpose(1, 2)

    def block_bias(self, q: Tensor, places: tuple[Tensor, Tensor], last: int) -> Tensor | None:
        """What the stack's position adds to the scores of each block, (B or 1, n, H, T, S), or None."""
        queries, keys = (place.clamp(0, last) for place in places)
        found = []
        for block in range(q.shape[2]):
            bias = self.position.bias(q[:, :, block], queries[block], keys[block])
            if bias is None:
                return None
            found.append(bias if bias.ndim == 4 else bias[None])
        return torch.stack(found, 1)

    def attend_window(
        self, q: Tensor, k: Tensor, v: Tensor, window: Window, first: int = 0, lengths: Tensor | None = None
    ) -> Tensor:
        """Softmax attention of each token to those near it.

        Args:
            q: (B, H, T, d), at positions `first` and on.
            k, v: (B, Hkv, P + T, d), at positions `first` - P and on; P at most `window.before`.
            window: how near; with special tokens `first` is 0.
            first: position of the first query.
            lengths: (B,), the valid tokens of each sequence, None where all are.

        Returns:
            (B, H, T, d).
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
            starts = queries[:, :1] - window.before
            keys = starts + torch.arange(span - window.special, device=q.device)
            k, v = (_spans(x, window, past, (blocks, size, span)) for x in (k, v))
            q = pad(q, (0, 0, 0, blocks * size - tokens))
        seen = _near(queries, keys, window, blocks > 1)
        if blocks > 1 and window.special:
            keys = torch.cat((keys, torch.arange(window.special, device=q.device).expand(blocks, -1)), 1)
        there = ((keys >= first - past) & (keys <= last))[None, :, None]
        if lengths is not None:
            there = there & (keys[:, None] < lengths[:, None, None, None])
        seen = (seen & there) | (keys[:, None] == queries[..., None])
        y = self.attend_blocks(q.unflatten(2, (blocks, size)), k, v, (queries, keys), seen, last)
        return y.flatten(2, 3)[:, :, :tokens]

    def attend_local(
        self, q: Tensor, k: Tensor, v: Tensor, size: int, causal: bool, first: int = 0, lengths: Tensor | None = None
    ) -> Tensor:
        """Softmax attention of each token to its own block of `size` tokens, to the earlier ones of it where `causal`.

        Args:
            q: (B, H, T, d). k, v: (B, Hkv, T, d), all at positions `first` and on.
            size: tokens of a block; the first block begins at position 0.
            causal: whether later tokens of the block are not seen.
            first: position of the first token, a multiple of `size`.
            lengths: (B,), the valid tokens of each sequence, None where all are.

        Returns:
            (B, H, T, d).
        """
        tokens = q.shape[2]
        size = min(size, tokens)
        blocks = -(-tokens // size)
        q, k, v = (
            pad(x, (0, 0, 0, blocks * size - tokens)).unflatten(2, (blocks, size)) for x in (q, k, v)
        )  # (B, H, n, size, d)
        where = torch.arange(first, first + blocks * size, device=q.device).view(blocks, size)
        ahead = where[:, None] - where[..., None]
        there = (where < first + tokens)[None, :, None]
        if lengths is not None:
            there = there & (where[:, None] < lengths[:, None, None, None])
        seen = ((ahead <= 0 if causal else ahead < size) & there) | (ahead == 0)
        return self.attend_blocks(q, k, v, (where, where), seen, first + tokens - 1).flatten(2, 3)[:, :, :tokens]


def local_pairs(length: int, size: int) -> int:
    """Pairs of a query and a key whose scores `attend_local` computes for `length` tokens, masked ones too."""
    size = min(size, length)
    return -(-length // size) * size**2


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
