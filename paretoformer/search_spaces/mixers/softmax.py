"""Softmax attention: multi-head, grouped-query and multi-query, of the tokens themselves or of a memory."""

from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.kernels import decode_attention, packed_attention, softmax_attention
from paretoformer.kernels.attention_weights import attention_weights
from paretoformer.search_spaces.contract import Attention, AttentionConfig, Capability, Context, Mixer, Site
from paretoformer.search_spaces.contract.context import valid_tokens
from paretoformer.search_spaces.registry import register


@register(
    "mixer",
    "softmax",
    papers=(16, 20),
    capabilities=(
        Capability.CAUSAL,
        Capability.BLOCK_CAUSAL,
        Capability.BIDIRECTIONAL,
        Capability.CROSS,
        Capability.SCORE_BIAS,
        Capability.ROTARY,
        Capability.WEIGHTS,
        Capability.EQUIVARIANT,
        Capability.PACKED,
    ),
)
@dataclass(frozen=True, kw_only=True)
class SoftmaxConfig(AttentionConfig):
    """softmax(q k^T / sqrt(d)) v in each head; in a cross branch k and v are of the memory.

    Cost: projections and 2 N^2 D MACs (2 N M D with M tokens of memory); decoding keeps keys and values, 2 N Hkv d numbers.
    Source: Vaswani et al. 2017, section 3.2; grouped keys and values: Ainslie et al. 2023.
    """

    def build(self, site: Site) -> Mixer:
        """The attention for `site`."""
        return Softmax(self, site) if site.memory is None else CrossSoftmax(self, site)

    def macs(self, site: Site, length: int) -> int:
        """Projections, scores and weighted sum; the causal form is counted in full, as it is computed."""
        keys = site.memory.length if site.memory else length
        return (
            self.projection_macs(site, length)
            + 2 * length * keys * self.all_heads(site)
            + self.position_macs(site, length)
        )

    def step_macs(self, site: Site, context: int) -> int:
        """The token reads itself and what stands before it, or the memory, which was projected at the start."""
        if site.memory:
            return super().step_macs(site, context)
        scores = 2 * (context + 1) * self.all_heads(site)
        return self.projection_macs(site, 1) + scores + self.position_macs(site, 1)

    def state_bytes(self, site: Site, length: int) -> int:
        """Keys and values, of the memory where there is one."""
        keys = site.memory.length if site.memory else length
        return 4 * 2 * keys * self.kv * self.head(site)

    def state_traffic(self, site: Site, context: int) -> tuple[int, int]:
        """All is read; the token's own keys and values are written."""
        read = self.state_bytes(site, context)
        return read, 0 if site.memory else self.state_bytes(site, 1)


@dataclass(frozen=True)
class KeyValues:
    """Keys and values (B, Hkv, capacity, d), of which the first `length` are filled."""

    k: Tensor
    v: Tensor
    length: int = 0


@dataclass(frozen=True)
class Remembered:
    """Keys and values (B, Hkv, M, d) of a memory, of which `lengths` (B,) are valid, None where all are."""

    k: Tensor
    v: Tensor
    lengths: Tensor | None

    @property
    def valid(self) -> Tensor | None:
        """Which are not padding, (B, M) bool, or None where all are valid."""
        return valid_tokens(self.lengths, self.k.shape[2])


class Softmax(Attention):
    """The module of `SoftmaxConfig` on the stack's own tokens."""

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        q, k, v = self.project(x)
        q, k = self.rotated(q, context), self.rotated(k, context)
        if context.packing is not None:
            q, k, v = (part[0].transpose(0, 1) for part in (q, k, v))
            return self.merge(packed_attention(q, k, v, context.packing, context.causal).transpose(0, 1)[None])
        positions = context.positions(x.shape[1], x.device)
        return self.merge(self._attended((q, k, v), (positions, positions), context, context.valid(x.shape[1])))

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> KeyValues:
        """Room for `capacity` keys and values."""
        shape = (batch, self.kv_heads, capacity, self.head_width)
        return KeyValues(like.new_zeros(shape), like.new_zeros(shape))

    def extend(self, x: Tensor, state: KeyValues, context: Context) -> tuple[Tensor, KeyValues]:
        """x: (B, T, D); the state's tensors are written in place."""
        q, k, v = self.project(x)
        q, k = self.rotated(q, context), self.rotated(k, context)
        end = state.length + x.shape[1]
        state.k[:, :, state.length : end] = k
        state.v[:, :, state.length : end] = v
        positions = (context.positions(x.shape[1], x.device), torch.arange(end, device=x.device))
        y = self._attended((q, state.k[:, :, :end], state.v[:, :, :end]), positions, context, None)
        return self.merge(y), KeyValues(state.k, state.v, end)

    def _attended(
        self,
        projected: tuple[Tensor, Tensor, Tensor],
        positions: tuple[Tensor, Tensor],
        context: Context,
        valid: Tensor | None,
    ) -> Tensor:
        """Queries (B, H, T, d) at the first positions attend to keys and values at the second: (B, H, T, d)."""
        q, k, v = projected
        bias, causal = self.position.bias(q, *positions), context.causal
        if causal and context.block > 1:
            bias, causal = _by_blocks(bias, q, positions, context.block), False
        if not self.position.acts_on_weights:
            return softmax_attention(q, k, v, causal=causal, bias=bias, valid=valid)
        weights = attention_weights(q, k, causal=causal, bias=bias, valid=valid)
        factor = self.position.factor(*positions)
        weights = weights if factor is None else weights * factor.to(weights.dtype)
        y = weights @ v.repeat_interleave(self.heads // self.kv_heads, 1)
        more = self.position.values(weights, *positions)
        return y if more is None else y + more


def _by_blocks(bias: Tensor | None, q: Tensor, positions: tuple[Tensor, Tensor], block: int) -> Tensor:
    """The bias with -inf where a key's block comes after the query's: (..., T, S)."""
    queries, keys = (at // block for at in positions)
    later = queries[:, None] < keys
    zero = q.new_zeros(q.shape[1], *later.shape) if bias is None else bias.to(q.dtype)
    return zero.masked_fill(later, -torch.inf)


class CrossSoftmax(Attention):
    """The module of `SoftmaxConfig` on a memory."""

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D), read from `context.memory`."""
        return self.extend(x, self._remembered(context), context)[0]

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> Remembered:
        """The memory's keys and values."""
        return self._remembered(context)

    def extend(self, x: Tensor, state: Remembered, context: Context) -> tuple[Tensor, Remembered]:
        """x: (B, T, D); the state stays as it is."""
        q = self.rotated(self.project_queries(x), context)
        if x.shape[1] == 1 and state.lengths is not None:
            # An empty memory counts as its first token, as where several tokens read it.
            y = decode_attention(q[:, :, 0], state.k, state.v, state.lengths.clamp_min(1))[:, :, None]
        else:
            y = softmax_attention(q, state.k, state.v, causal=False, valid=state.valid)
        return self.merge(y), state

    def _remembered(self, context: Context) -> Remembered:
        assert context.memory is not None, "a cross branch reads a memory"
        k, v = self.project_memory(context.memory.tokens)
        places = torch.arange(k.shape[2], device=k.device)
        return Remembered(self.position.rotate(k, places), v, context.memory.lengths)
