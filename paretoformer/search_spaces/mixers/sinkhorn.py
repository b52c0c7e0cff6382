"""Sparse Sinkhorn attention: each block reads a mixture of blocks that a learned soft permutation puts in its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from paretoformer.kernels.block_attention import block_attention
from paretoformer.search_spaces.contract import Attention, AttentionConfig, Capability, Context, Site
from paretoformer.search_spaces.registry import register

LOW = -1e30
"""The logarithm of what a padded block has of a permutation."""


@register("mixer", "sinkhorn", papers=(20,), capabilities=(Capability.BIDIRECTIONAL, Capability.FIXED_LENGTH))
@dataclass(frozen=True, kw_only=True)
class SinkhornConfig(AttentionConfig):
    """Blocks of `block` tokens read block-sized mixtures sum_j P_ij K_j, in each head; P is nearly doubly stochastic.

    Row i of P's logits is a learned map of the sum of block i's keys to a number for each block; Gumbel `noise` is added in
    training, they are divided by `temperature`, and rows, then columns are normalised `iterations` times. `own`: a block's
    softmax runs over the mixture and its own tokens (joined), over each apart with results added (added, the Long-Range
    Arena's code), or over the mixture alone (none). `clip` bounds log P to -clip .. clip at the end (that code: 1). Where the
    last block is shorter, a mixed token counts by the share of it that is no padding; that rule is ours.
    Cost: projections, 2 N block D MACs twice (once without own), and 2 N^2 / block D for the mixtures.
    Source: Tay et al. 2020 (Sparse Sinkhorn Attention), section 3 (paper 20). Second hand: the linear sorting network, 0.75,
    5 iterations, and joined; the block is the Long-Range Arena's. That code's causal form is untested and left out.
    """

    block: int = 50
    iterations: int = 5
    temperature: float = 0.75
    noise: bool = True
    own: Literal["joined", "added", "none"] = "joined"
    clip: float | None = None

    def problems(self, site: Site) -> Iterator[str]:
        """There are two blocks to sort at least."""
        yield from super().problems(site)
        if self.block >= site.length:
            yield f"mixer sinkhorn sorts blocks of {self.block} tokens, and {site} has {site.length} in all; block is below that"

    def blocks(self, length: int) -> int:
        """Blocks of so many tokens."""
        return -(-length // self.block)

    def build(self, site: Site) -> "Sinkhorn":
        """The attention for `site`."""
        return Sinkhorn(self, site)

    def parameters(self, site: Site) -> int:
        """Projections and the sorting network."""
        return super().parameters(site) + self.kv * self.head(site) * self.blocks(site.length)

    def macs(self, site: Site, length: int) -> int:
        """Projections, logits, mixtures of keys and values, scores and weighted sums of whole blocks."""
        head, blocks, size = self.head(site), self.blocks(length), min(self.block, length)
        sorting = self.kv * blocks**2 * head * (1 + 2 * size)
        pairs = blocks * size**2 * (1 if self.own == "none" else 2)
        return self.projection_macs(site, length) + sorting + 2 * pairs * self.all_heads(site)


class Sinkhorn(Attention):
    """The module of `SinkhornConfig`."""

    def __init__(self, config: SinkhornConfig, site: Site) -> None:
        super().__init__(config, site)
        self.config, self.most, head = config, site.length, self.head_width
        self.sorting = nn.Parameter(torch.randn(self.kv_heads, head, config.blocks(site.length)) / head**0.5)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D).

        Raises:
            ValueError: there are more tokens than the sorting network was built for.
        """
        length, size = x.shape[1], min(self.config.block, x.shape[1])
        blocks = self.config.blocks(length)
        if length > self.most:
            raise ValueError(f"mixer sinkhorn was built for {self.most} tokens, and is given {length}.")
        q, k, v = (pad(part, (0, 0, 0, blocks * size - length)).unflatten(2, (-1, size)) for part in self.project(x))
        lengths = torch.full((1,), length, device=x.device) if context.lengths is None else context.lengths
        lengths = lengths.clamp_min(1)[:, None, None]  # (B or 1, 1, 1)
        places = torch.arange(blocks * size, device=x.device).view(blocks, size)
        there = places < lengths  # (B or 1, n, size)
        if context.lengths is not None:
            k, v = (part * there[:, None, ..., None] for part in (k, v))
        order = self.permutation(k.sum(3), None if context.lengths is None else there[..., 0])
        mixed_k, mixed_v = ((order @ part.flatten(3)).unflatten(3, (size, -1)) for part in (k, v))
        share = _share(order, there)[..., None, :]  # (B, Hkv, n, 1, size)
        mine = there[:, None, :, None]  # (B or 1, 1, n, 1, size)
        if context.lengths is not None:  # a block of padding alone reads itself, where nothing would be 0 / 0
            mine = mine | torch.eye(size, dtype=torch.bool, device=x.device)
        own = torch.zeros(mine.shape, dtype=x.dtype, device=x.device).masked_fill(~mine, -torch.inf)
        if self.config.own == "joined":
            mask = torch.cat((share.expand(-1, -1, -1, own.shape[3], -1), own.expand(*share.shape[:3], -1, -1)), 4)
            y = self._attended(q, torch.cat((mixed_k, k), 3), torch.cat((mixed_v, v), 3), mask)
        else:
            y = self._attended(q, mixed_k, mixed_v, share)
        if self.config.own == "added":
            y = y + self._attended(q, k, v, own)
        return self.merge(y.flatten(2, 3)[:, :, :length])

    def permutation(self, sums: Tensor, there: Tensor | None) -> Tensor:
        """Sums of keys (B, Hkv, n, d) of blocks, there (B, n) those with a token, None where all have -> P (B, Hkv, n, n), 0 at others."""
        logits = sums @ self.sorting[..., : sums.shape[2]]
        kind = torch.promote_types(logits.dtype, torch.float32)
        logits = logits.to(kind)
        if self.config.noise and self.training:
            logits = logits - torch.empty_like(logits).exponential_().log()
        unused = None if there is None else ~(there[:, :, None] & there[:, None])[:, None]
        logits = _without(logits / self.config.temperature, unused, LOW)
        for _ in range(self.config.iterations):
            for along in (-1, -2):
                logits = _without(logits - logits.logsumexp(along, keepdim=True), unused, LOW)
        if self.config.clip is not None:
            logits = logits.clamp(-self.config.clip, self.config.clip)
        return _without(logits.exp(), unused, 0.0).to(sums.dtype)

    def _attended(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        """q: (B, H, n, T, d), k, v: (B, Hkv, n, S, d), mask (B or 1, Hkv or 1, n, T or 1, S), added -> (B, H, n, T, d)."""
        if mask.shape[1] > 1:
            mask = mask.repeat_interleave(self.heads // self.kv_heads, 1)
        return block_attention(q, k, v, mask.transpose(1, 2))


def _without(x: Tensor, unused: Tensor | None, value: float) -> Tensor:
    return x if unused is None else x.masked_fill(unused, value)


def _share(order: Tensor, there: Tensor) -> Tensor:
    """The logarithm of the share of each mixed token that is no padding: P (B, Hkv, n, n), (B or 1, n, size) -> (B, Hkv, n, size).

    Only the last block with a token may be shorter than the others; a block of padding has nothing, and 0.
    """
    last = there[..., 0].sum(-1) - 1  # (B or 1,)
    batch = torch.arange(there.shape[0], device=there.device)
    filled = there[batch, last][:, None, None]  # (B or 1, 1, 1, size)
    index = last.view(-1, 1, 1, 1).expand(order.shape[0], *order.shape[1:3], 1)
    total = order.sum(-1, keepdim=True)
    missing = order.gather(-1, index) / total.clamp_min(torch.finfo(order.dtype).tiny)
    most = 1 - torch.finfo(order.dtype).eps
    logarithm = torch.log1p(-missing.clamp_max(most)).masked_fill(missing > most, -torch.inf)
    return torch.where(filled, 0.0, logarithm)
