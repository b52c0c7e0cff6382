"""BigBird: blocks of tokens read the blocks beside them, the first and the last one, and a few random ones."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import pad

from paretoformer.kernels import softmax_attention
from paretoformer.kernels.block_attention import block_attention
from paretoformer.search_spaces.contract import Attention, AttentionConfig, Capability, Context, Site
from paretoformer.search_spaces.registry import register

BITS = 31
"""Random fractions are whole numbers of so many bits, which no cast to bf16 rounds."""


@register("mixer", "bigbird", papers=(15, 20), capabilities=(Capability.BIDIRECTIONAL, Capability.ROTARY))
@dataclass(frozen=True, kw_only=True)
class BigBirdConfig(AttentionConfig):
    """Softmax attention of each block of `block` tokens to `window` blocks around it and to `random` others.

    With `ends` the first and the last block are read by all and read all: existing tokens are global (the paper's internal
    construction, ITC). Random blocks differ by head and block, are drawn when the module is built, and are kept with the
    weights; a shorter sequence scales them to the blocks it has. The last block may be shorter than the others. A short
    sequence whose blocks are all read is softmax attention.
    Cost: projections, 2 N (window + 2 + random) block D MACs, and 4 N block D for the ends.
    Source: Zaheer et al. 2020, section 2 and appendix D (papers 15, 20). That no block is drawn twice or beside the
    window is as in the authors' code; its limits of the choice for short sequences are left out.
    """

    block: int = 64
    window: int = 3
    random: int = field(default=3, metadata={"least": 0})
    ends: bool = True

    def problems(self, site: Site) -> Iterator[str]:
        """A window has a centre, and there are more blocks than a block reads."""
        yield from super().problems(site)
        blocks = -(-site.length // self.block)
        if self.window % 2 == 0:
            yield f"mixer bigbird has a window of {self.window} blocks, and in {site} it has a centre; use an odd number"
        if blocks <= self.most_dense:
            yield (
                f"mixer bigbird with {self.random} random blocks needs more than {self.most_dense} of {self.block} tokens, "
                f"and {site} has {blocks}; all would be read, as in mixer softmax; {self._remedy(site)}"
            )

    def _remedy(self, site: Site) -> str:
        most = (site.length - 1) // self.most_dense
        return f"use blocks of at most {most}, or mixer softmax" if most else "use mixer softmax"

    @property
    def most_dense(self) -> int:
        """The most blocks of a sequence in which each reads all."""
        return self.random + self.window // 2 + 1 + 2 * self.ends

    @property
    def parts(self) -> int:
        """Blocks that a block reads."""
        return self.window + 2 * self.ends + self.random

    def build(self, site: Site) -> "BigBird":
        """The attention for `site`."""
        return BigBird(self, site)

    def macs(self, site: Site, length: int) -> int:
        """Projections, and scores and weighted sums of all pairs in blocks, masked ones too."""
        blocks = -(-length // self.block)
        if blocks <= self.most_dense:
            pairs = length**2
        else:
            pairs = (blocks - self.ends) * self.parts * self.block**2 + 2 * self.ends * self.block * length
        return self.projection_macs(site, length) + 2 * pairs * self.all_heads(site)


class BigBird(Attention):
    """The module of `BigBirdConfig`."""

    drawn: Tensor

    def __init__(self, config: BigBirdConfig, site: Site) -> None:
        super().__init__(config, site)
        self.size, self.radius, self.random = config.block, config.window // 2, config.random
        self.ends = int(config.ends)  # global blocks at each end
        self.most_dense = config.most_dense
        drawn = torch.randint(2**BITS, (config.heads, -(-site.length // config.block), config.random))
        self.register_buffer("drawn", drawn)  # (H, blocks, random)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        q, k, v = self.project(x)
        q, k = self.rotated(q, context), self.rotated(k, context)
        valid, blocks = context.valid(x.shape[1]), -(-x.shape[1] // self.size)
        if blocks <= self.most_dense:
            return self.merge(softmax_attention(q, k, v, causal=False, valid=valid))
        lengths = torch.tensor([x.shape[1]], device=x.device) if context.lengths is None else context.lengths
        last = (-(-lengths // self.size) - 1).clamp_min(0)  # (B or 1,)
        cut = self._blocks(q)
        y = self._sparse(cut[:, :, self.ends :], k, v, lengths, last)
        if self.ends:
            first = softmax_attention(q[:, :, : self.size], k, v, causal=False, valid=valid)
            end = last.expand(x.shape[0])
            ended = cut.transpose(1, 2)[torch.arange(x.shape[0], device=x.device), end]  # (B, H, size, d)
            read = softmax_attention(ended, k, v, causal=False, valid=valid)
            is_end = torch.arange(1, blocks, device=x.device) == end[:, None]
            y = torch.where(is_end[:, None, :, None, None], read[:, :, None], y)
            y = torch.cat((first[:, :, None], y), 2)
        return self.merge(y.flatten(2, 3)[:, :, : x.shape[1]])

    def _blocks(self, x: Tensor) -> Tensor:
        """(B, H, N, d) -> (B, H, n, size, d)."""
        return pad(x, (0, 0, 0, -x.shape[2] % self.size)).unflatten(2, (-1, self.size))

    def _sparse(self, q: Tensor, k: Tensor, v: Tensor, lengths: Tensor, last: Tensor) -> Tensor:
        """Blocks of queries (B, H, Q, size, d), those after the first where it is global, read the blocks of their lists."""
        chosen, seen = self._lists(q.shape[2], last)
        k, v = (self._blocks(x.repeat_interleave(self.heads // self.kv_heads, 1)) for x in (k, v))
        batch, _, blocks = k.shape[:3]
        within = torch.arange(self.size, device=q.device)
        present = chosen[..., None] * self.size + within < lengths[:, None, None, None, None]
        padding = torch.arange(self.ends, blocks, device=q.device) * self.size >= lengths[:, None]  # sees its own block
        own = torch.arange(chosen.shape[3], device=q.device) == self.radius
        own = (padding[:, None, :, None] & own)[..., None]
        mask = (seen[..., None] & present | own).flatten(3)  # (B or 1, H, Q, S)
        rows = torch.arange(batch * self.heads, device=q.device).view(batch, self.heads, 1, 1) * blocks
        index = (chosen + rows).flatten()
        k, v = (
            x.flatten(0, 2).index_select(0, index).view(batch, self.heads, q.shape[2], -1, self.head_width)
            for x in (k, v)
        )
        return block_attention(q, k, v, mask.transpose(1, 2)[:, :, :, None])

    def _lists(self, queries: int, last: Tensor) -> tuple[Tensor, Tensor]:
        """Which blocks each reads, and whether it does, both (B or 1, H, Q, parts); a block is seen once."""
        most = queries + self.ends - 1
        block = torch.arange(self.ends, most + 1, device=last.device)  # (Q,)
        least, end = self.ends, (last - self.ends)[:, None]  # blocks between are no ends
        window = block[:, None] + torch.arange(-self.radius, self.radius + 1, device=last.device)
        window_seen = (window >= least) & (window <= end[..., None])  # (B, Q, window)
        low, high = (block - self.radius).clamp_min(least), torch.minimum(block + self.radius, end)
        inside = (high - low + 1).clamp_min(0)  # (B, Q): blocks of the window
        others = end - least + 1 - inside
        picked = self._picked(block, others) + least  # (B, H, Q, random)
        picked = picked + torch.where(picked >= low[:, None], inside[:, None, :, None], 0)
        order = torch.arange(self.random, device=last.device)
        picked_seen = (order < others[..., None])[:, None].expand(-1, self.heads, -1, -1)
        shared = [window.expand(last.shape[0], -1, -1)]
        shared_seen = [window_seen]
        if self.ends:
            ends = torch.stack((torch.zeros_like(last), last), 1)[:, None].expand(-1, queries, -1)
            shared, shared_seen = [*shared, ends], [*shared_seen, torch.ones_like(ends, dtype=torch.bool)]
        both = torch.cat(shared, 2)[:, None].expand(-1, self.heads, -1, -1)
        both_seen = torch.cat(shared_seen, 2)[:, None].expand(-1, self.heads, -1, -1)
        return torch.cat((both, picked), 3).clamp(0, most), torch.cat((both_seen, picked_seen), 3)

    def _picked(self, block: Tensor, others: Tensor) -> Tensor:
        """Different numbers below `others` (B, Q), as many as there are random blocks: (B, H, Q, random)."""
        drawn = self.drawn[:, block % self.drawn.shape[1]]  # (H, Q, random)
        found = drawn.new_empty(others.shape[0], self.heads, block.shape[0], 0)
        for place in range(self.random):
            left = (others - place).clamp_min(1)[:, None]
            number = (drawn[..., place] * left) >> BITS
            for before in found.sort(-1).values.unbind(-1):
                number = number + (number >= before)
            found = torch.cat((found, number[..., None]), -1)
        return found
