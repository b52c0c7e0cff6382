"""Softmax attention: multi-head, grouped-query and multi-query."""

from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.kernels import softmax_attention
from paretoformer.search_spaces.contract import Attention, AttentionConfig, Capability, Context, Site
from paretoformer.search_spaces.registry import register


@register(
    "mixer",
    "softmax",
    papers=(16, 20),
    capabilities=(
        Capability.CAUSAL,
        Capability.BIDIRECTIONAL,
        Capability.SCORE_BIAS,
        Capability.ROTARY,
        Capability.EQUIVARIANT,
    ),
)
@dataclass(frozen=True, kw_only=True)
class SoftmaxConfig(AttentionConfig):
    """softmax(q k^T / sqrt(d)) v in each head.

    Cost: projections and 2 N^2 D MACs; decoding keeps keys and values, 2 N Hkv d numbers.
    Source: Vaswani et al. 2017, section 3.2; grouped keys and values: Ainslie et al. 2023.
    """

    def build(self, site: Site) -> "Softmax":
        """The attention for `site`."""
        return Softmax(self, site)

    def macs(self, site: Site, length: int) -> int:
        """Projections, scores and weighted sum; the causal form is counted in full, as it is computed."""
        return self.projection_macs(site, length) + 2 * length**2 * site.width

    def state_bytes(self, site: Site, length: int) -> int:
        """Keys and values."""
        return 4 * 2 * length * self.kv * (site.width // self.heads)


@dataclass(frozen=True)
class KeyValues:
    """Keys and values (B, Hkv, capacity, d), of which the first `length` are filled."""

    k: Tensor
    v: Tensor
    length: int = 0


class Softmax(Attention):
    """The module of `SoftmaxConfig`."""

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        q, k, v = self.project(x)
        q, k = self.rotated(q, context), self.rotated(k, context)
        positions = context.positions(x.shape[1], x.device)
        bias = self.position.bias(positions, positions)
        return self.merge(softmax_attention(q, k, v, causal=context.causal, bias=bias, valid=context.valid(x.shape[1])))

    def start(self, batch: int, capacity: int, like: Tensor) -> KeyValues:
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
        queries = context.positions(x.shape[1], x.device)
        keys = torch.arange(end, device=x.device)
        bias = self.position.bias(queries, keys)
        y = softmax_attention(q, state.k[:, :, :end], state.v[:, :, :end], causal=True, bias=bias)
        return self.merge(y), KeyValues(state.k, state.v, end)
