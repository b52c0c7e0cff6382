"""Sliding-window attention: each token reads the tokens near it, and a few first tokens may read and be read by all."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from paretoformer.kernels import softmax_attention
from paretoformer.search_spaces.contract import AttentionConfig, Capability, Context, Site
from paretoformer.search_spaces.parts.blocks import BlockedAttention, Window, window_blocks
from paretoformer.search_spaces.registry import register


@register(
    "mixer",
    "window",
    papers=(15, 19, 20),
    capabilities=(Capability.CAUSAL, Capability.BIDIRECTIONAL, Capability.SCORE_BIAS, Capability.ROTARY),
)
@dataclass(frozen=True, kw_only=True)
class WindowConfig(AttentionConfig):
    """Softmax attention to `window` / 2 tokens on each side and the token itself; in a causal stack to the last `window`.

    The first `global_tokens` tokens are read by all tokens and read all, with projections of their own; only in a
    bidirectional stack. `form` lra is the code of the Long-Range Arena: `window` tokens in all, one more ahead than
    back, and in a causal stack the half that lies back. There is no dilation.
    Cost: projections, and 2 N S D MACs with S = 5 / 4 window keys a block; decoding keeps the window's keys and values.
    Source: Beltagy et al. 2020, sections 3.1 and 3.2 (papers 15, 20); the causal form is that of paper 19.
    """

    window: int = 512
    global_tokens: int = field(default=0, metadata={"least": 0})
    form: Literal["longformer", "lra"] = "longformer"

    def problems(self, site: Site) -> Iterator[str]:
        """A window lies inside the sequence and holds more than the token; global tokens read what is later."""
        yield from super().problems(site)
        reach = self.reach(site)
        if self.window > site.length:
            yield f"mixer window has a window of {self.window} tokens, and {site} has {site.length} in all; use at most {site.length}"
        elif reach.before + reach.after < 1:
            yield (
                f"mixer window has a window of {self.window} tokens in form {self.form}, and in {site} it holds the token alone; "
                "window is at least 3"
            )
        elif self.form == "longformer" and not site.causal and self.window % 2:
            yield (
                f"mixer window has a window of {self.window} tokens, and half of them lie on each side in {site}; "
                "use an even number, or form lra"
            )
        if self.global_tokens and site.causal:
            yield (
                f"mixer window has {self.global_tokens} global_tokens, which read all tokens, and this stack is causal; "
                "use global_tokens 0"
            )
        if self.global_tokens > site.length:
            yield f"mixer window has {self.global_tokens} global_tokens, and {site} has {site.length} in all; use at most {site.length}"

    def reach(self, site: Site) -> Window:
        """What a token reads beside itself."""
        half = self.window // 2
        if self.form == "lra":
            return Window(self.window - half - 1, 0 if site.causal else half, self.global_tokens)
        return Window(self.window - 1, 0) if site.causal else Window(half, half, self.global_tokens)

    def build(self, site: Site) -> "SlidingWindow":
        """The attention for `site`."""
        return SlidingWindow(self, site)

    def parameters(self, site: Site) -> int:
        """Projections, twice those to queries, keys and values where there are global tokens."""
        inner = self.all_heads(site) + 2 * self.kv * self.head(site)
        more = inner * (site.width + (self.bias and self.qkv_bias)) if self.global_tokens else 0
        return super().parameters(site) + more

    def macs(self, site: Site, length: int) -> int:
        """Projections, and scores and weighted sums of all pairs in blocks, masked ones too."""
        pairs = self.reach(site).pairs(length)
        total = self.projection_macs(site, length) + self.position_macs(site, length)
        special = min(self.global_tokens, length)
        if special:
            pairs += special * length
            written = 2 * self.kv * self.head(site)
            total += special * site.width * self.all_heads(site) + length * site.width * written
        return total + 2 * pairs * self.all_heads(site)

    def step_macs(self, site: Site, context: int) -> int:
        """The token reads the window behind it."""
        pairs = min(self.reach(site).before, context) + 1
        return self.projection_macs(site, 1) + 2 * pairs * self.all_heads(site) + self.position_macs(site, 1)

    def state_bytes(self, site: Site, length: int) -> int:
        """Keys and values of the window."""
        kept = min(self.reach(site).before + 1, length)
        return 4 * 2 * kept * self.kv * self.head(site)

    def state_traffic(self, site: Site, context: int) -> tuple[int, int]:
        """The window is read, and the token's own written where the oldest was."""
        return min(self.reach(site).before, context) * self.state_bytes(site, 1), self.state_bytes(site, 1)


@dataclass(frozen=True)
class Recent:
    """Keys and values (B, Hkv, w, d) of the last w tokens: position p is at p mod w; `seen` counts tokens so far."""

    k: Tensor
    v: Tensor
    seen: int = 0


class SlidingWindow(BlockedAttention):
    """The module of `WindowConfig`."""

    def __init__(self, config: WindowConfig, site: Site) -> None:
        super().__init__(config, site)
        self.reach, self.special = config.reach(site), config.global_tokens
        if self.special:
            bias = config.bias and config.qkv_bias
            self.global_q = nn.Linear(site.width, self.heads * self.head_width, bias=bias)
            self.global_kv = nn.Linear(site.width, 2 * self.kv_heads * self.head_width, bias=bias)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        q, k, v = self.project(x)
        q, k = self.rotated(q, context), self.rotated(k, context)
        y = self._near(q, k, v, 0, context.lengths)
        if self.special:
            y = torch.cat((self._globally(x, context), y[:, :, self.special :]), 2)
        return self.merge(y)

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> Recent:
        """Room for the window, or for `capacity` tokens where they are fewer."""
        shape = (batch, self.kv_heads, min(self.reach.before + 1, capacity), self.head_width)
        return Recent(like.new_zeros(shape), like.new_zeros(shape))

    def extend(self, x: Tensor, state: Recent, context: Context) -> tuple[Tensor, Recent]:
        """x: (B, T, D); the state's tensors are written in place."""
        q, k, v = self.project(x)
        q, k = self.rotated(q, context), self.rotated(k, context)
        tokens, room, seen = x.shape[1], state.k.shape[2], state.seen
        if tokens == 1:
            at = seen % room
            state.k[:, :, at : at + 1], state.v[:, :, at : at + 1] = k, v
            return self.merge(self._newest(q, state)), Recent(state.k, state.v, seen + 1)
        past = torch.arange(max(0, seen - self.reach.before), seen, device=x.device) % room
        all_k, all_v = torch.cat((state.k[:, :, past], k), 2), torch.cat((state.v[:, :, past], v), 2)
        y = self._near(q, all_k, all_v, seen, None)
        kept = torch.arange(max(0, tokens - room), tokens, device=x.device)
        state.k[:, :, (seen + kept) % room], state.v[:, :, (seen + kept) % room] = k[:, :, kept], v[:, :, kept]
        return self.merge(y), Recent(state.k, state.v, seen + tokens)

    def _near(self, q: Tensor, k: Tensor, v: Tensor, first: int, lengths: Tensor | None) -> Tensor:
        blocks = window_blocks(q, k, v, self.reach, first, lengths)
        return self.attended(blocks).flatten(2, 3)[:, :, : q.shape[2]]

    def _newest(self, q: Tensor, state: Recent) -> Tensor:
        """The newest token, already in the ring, reads all that is there, in whatever order: q (B, H, 1, d)."""
        room = state.k.shape[2]
        filled = min(state.seen + 1, room)
        now = torch.arange(state.seen, state.seen + 1, device=q.device)
        slots = torch.arange(filled, device=q.device)
        bias = self.position.bias(q, now, now - (now - slots) % room)
        return softmax_attention(q, state.k[:, :, :filled], state.v[:, :, :filled], causal=False, bias=bias)

    def _globally(self, x: Tensor, context: Context) -> Tensor:
        """The global tokens read all tokens by projections of their own: (B, H, g, d)."""
        k, v = (self._split(part, self.kv_heads) for part in self.global_kv(x).chunk(2, dim=-1))
        q = self._split(self.global_q(x[:, : self.special]), self.heads)
        q, k = self.rotated(q, context), self.rotated(k, context)
        bias = self.position.bias(q, context.positions(q.shape[2], x.device), context.positions(x.shape[1], x.device))
        return softmax_attention(q, k, v, causal=False, bias=bias, valid=context.valid(x.shape[1]))
