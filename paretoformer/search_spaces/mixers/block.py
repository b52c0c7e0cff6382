"""Block-local attention: each token reads its own block of tokens."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from paretoformer.kernels import softmax_attention
from paretoformer.search_spaces.contract import AttentionConfig, Capability, Context, Site
from paretoformer.search_spaces.parts.blocks import BlockedAttention, Blocks, local_blocks, local_pairs
from paretoformer.search_spaces.parts.squares import Squares
from paretoformer.search_spaces.registry import register


@register(
    "mixer",
    "block",
    papers=(15, 20),
    capabilities=(Capability.CAUSAL, Capability.BIDIRECTIONAL, Capability.SCORE_BIAS, Capability.ROTARY),
)
@dataclass(frozen=True, kw_only=True)
class BlockConfig(AttentionConfig):
    """Softmax attention within blocks of `block` tokens: nothing crosses their borders in one layer.

    In a causal stack a token reads the tokens of its block up to itself. The last block may be shorter.
    In form square blocks are squares of a grid, `block` places a side, and scores gain a learned number a head for each offset
    within a square; in form shifted they lie half a block further down and to the right, so that layers of both forms connect
    all places. A square is at most the grid, which is not shifted.
    Cost: projections, and 2 N block D MACs (2 N block^2 D of squares); decoding keeps the keys and values of the current block.
    Source: Tay et al. 2021 (Long-Range Arena), local attention, with the block of its text task (papers 15, 20); squares: Liu et
    al. 2021 (Swin), sections 3.1 and 3.2, the backbone of paper 18.
    """

    block: int = 50
    form: Literal["sequence", "square", "shifted"] = "sequence"

    def problems(self, site: Site) -> Iterator[str]:
        """A block lies inside the sequence and holds more than the token."""
        yield from super().problems(site)
        if self.form != "sequence" and site.grid is None:
            yield f"mixer block of form {self.form} needs a grid, and this stack has {site}; use form sequence"
        elif self.block > site.length:
            yield f"mixer block has blocks of {self.block} tokens, and {site} has {site.length} in all; use at most {site.length}"
        if self.block < 2:
            yield f"mixer block has blocks of {self.block} token, and in {site} it would read itself alone; block is at least 2"

    def squares(self, grid: tuple[int, int]) -> Squares:
        """The blocks of a grid, none larger than that."""
        side = min(self.block, max(grid))
        return Squares(grid, side, side // 2 if self.form == "shifted" and side < max(grid) else 0)

    def build(self, site: Site) -> "BlockLocal | SquareLocal":
        """The attention for `site`."""
        return BlockLocal(self, site) if self.form == "sequence" else SquareLocal(self, site)

    def parameters(self, site: Site) -> int:
        """Those of attention, and the table."""
        offsets = self.squares(site.grid).kinds if self.form != "sequence" and site.grid else 0
        return super().parameters(site) + self.heads * offsets

    def macs(self, site: Site, length: int) -> int:
        """Projections, and scores and weighted sums of whole blocks."""
        grid = site.grid if self.form != "sequence" else None
        pairs = self.squares(grid).pairs if grid else local_pairs(length, self.block)
        return self.projection_macs(site, length) + 2 * pairs * self.all_heads(site) + self.position_macs(site, length)

    def step_macs(self, site: Site, context: int) -> int:
        """The token reads its block up to itself."""
        pairs = context % self.block + 1
        return self.projection_macs(site, 1) + 2 * pairs * self.all_heads(site) + self.position_macs(site, 1)

    def state_bytes(self, site: Site, length: int) -> int:
        """Keys and values of a block."""
        return 4 * 2 * min(self.block, length) * self.kv * self.head(site)

    def state_traffic(self, site: Site, context: int) -> tuple[int, int]:
        """What the block has so far is read, and the token's own written."""
        return context % self.block * self.state_bytes(site, 1), self.state_bytes(site, 1)


@dataclass(frozen=True)
class Current:
    """Keys and values (B, Hkv, block, d) of the current block, filled to `seen` mod block; `seen` counts tokens so far."""

    k: Tensor
    v: Tensor
    seen: int = 0


class BlockLocal(BlockedAttention):
    """The module of `BlockConfig`."""

    def __init__(self, config: BlockConfig, site: Site) -> None:
        super().__init__(config, site)
        self.size = config.block

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        q, k, v = self.project(x)
        q, k = self.rotated(q, context), self.rotated(k, context)
        y = self.attended(local_blocks(q, k, v, self.size, context.causal, lengths=context.lengths))
        return self.merge(y.flatten(2, 3)[:, :, : x.shape[1]])

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> Current:
        """Room for a block, or for `capacity` tokens where they are fewer."""
        shape = (batch, self.kv_heads, min(self.size, capacity), self.head_width)
        return Current(like.new_zeros(shape), like.new_zeros(shape))

    def extend(self, x: Tensor, state: Current, context: Context) -> tuple[Tensor, Current]:
        """x: (B, T, D); the state's tensors are written in place."""
        q, k, v = self.project(x)
        q, k = self.rotated(q, context), self.rotated(k, context)
        tokens, past = x.shape[1], state.seen % self.size
        begun, end = state.seen - past, past + tokens
        if end <= self.size:
            state.k[:, :, past:end], state.v[:, :, past:end] = k, v
            k, v = state.k[:, :, :end], state.v[:, :, :end]
            keys = torch.arange(begun, begun + end, device=x.device)
            bias = self.position.bias(q, keys[past:], keys)
            y = softmax_attention(q, k, v, causal=True, bias=bias)
        else:
            k, v = torch.cat((state.k[:, :, :past], k), 2), torch.cat((state.v[:, :, :past], v), 2)
            blocks = local_blocks(pad(q, (0, 0, past, 0)), k, v, self.size, True, begun)
            y = self.attended(blocks).flatten(2, 3)[:, :, past:end]
            left = end % self.size
            state.k[:, :, :left], state.v[:, :, :left] = k[:, :, end - left :], v[:, :, end - left :]
        return self.merge(y), Current(state.k, state.v, state.seen + tokens)


class SquareLocal(BlockLocal):
    """The module of `BlockConfig` on squares of a grid."""

    def __init__(self, config: BlockConfig, site: Site) -> None:
        super().__init__(config, site)
        assert site.grid is not None, "refused by the config"
        self.squares = config.squares(site.grid)
        self.table = nn.Parameter(0.02 * torch.randn(self.squares.kinds, config.heads))

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        q, k, v = self.project(x)
        q, k = self.rotated(q, context), self.rotated(k, context)
        return self.merge(self.squares.joined(self.attended(self.squares.cut(q, k, v))))

    def _bias(self, blocks: Blocks) -> Tensor | None:
        found = super()._bias(blocks)
        own = self.table[self.squares.offsets.to(self.table.device)].permute(2, 0, 1)  # (H, T, T)
        return own[None, None] if found is None else found + own
