"""Attentions whose weights are products of features: running sums take the place of N x N weights."""

from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.kernels import linear_attention, linear_attention_with_divisor
from paretoformer.kernels.linear_attention import CHUNK
from paretoformer.search_spaces.contract.attention import Attention, AttentionConfig
from paretoformer.search_spaces.contract.context import Context
from paretoformer.search_spaces.contract.mixer import State
from paretoformer.search_spaces.contract.site import Site

LEAST = 1e-6
"""What a row's sum of weights is raised to before it divides, so that a row of zeros gives zeros."""


def product_macs(length: int, features: int, columns: int, causal: bool) -> int:
    """Multiply-accumulates of kernels.linear_attention in one head, for `columns` numbers a value."""
    if not causal:
        return 2 * length * features * columns
    if length <= CHUNK:
        return length**2 * (features + columns)
    padded = -(-length // CHUNK) * CHUNK
    return 2 * padded * features * columns + padded * CHUNK * (features + columns)


def step_product_macs(features: int, columns: int) -> int:
    """Multiply-accumulates of kernels.linear_attention in one head for one token beside a state: k v^T, and q times the state."""
    return 2 * features * columns


def empty_sums(batch: int, heads: int, features: int, columns: int, like: Tensor) -> Tensor:
    """Zeros (B, H, F, columns) with the device of `like`, at least in fp32."""
    return like.new_zeros(batch, heads, features, columns, dtype=torch.promote_types(like.dtype, torch.float32))


def weighted_sums(
    q: Tensor, k: Tensor, v: Tensor, context: Context, state: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor | None]:
    """sum_j (q_i . k_j) v_j and sum_j (q_i . k_j) over the tokens j that i may read.

    Args:
        q, k: features (B, H, N, F). v: (B, H, N, d).
        state: (B, H, F, d + 1), the sum of k [v, 1]^T over the tokens before (causal only).

    Returns:
        (B, H, N, d), (B, H, N, 1), both in fp32 where an operand is fp16, and the new state if one was given.
    """
    return linear_attention_with_divisor(q, _without_padding(k, context), v, causal=context.causal, state=state)


def weighted_total(
    q: Tensor, k: Tensor, v: Tensor, context: Context, state: Tensor | None = None
) -> tuple[Tensor, Tensor | None]:
    """The first of `weighted_sums`, and the new state (B, H, F, d) if one was given; arguments as there."""
    return linear_attention(q, _without_padding(k, context), v, causal=context.causal, state=state)


def _without_padding(k: Tensor, context: Context) -> Tensor:
    """Zeros for padding's keys."""
    valid = context.valid(k.shape[2])
    return k if valid is None else k * valid[:, None, :, None]


def weighted_mean(
    q: Tensor, k: Tensor, v: Tensor, context: Context, state: Tensor | None = None
) -> tuple[Tensor, Tensor | None]:
    """The quotient of `weighted_sums`, (B, H, N, d), and the new state if one was given; products q . k are not negative."""
    total, divisor, state = weighted_sums(q, k, v, context, state)
    return (total / divisor.clamp_min(LEAST)).to(v.dtype), state


@dataclass(frozen=True, kw_only=True)
class FeatureAttentionConfig(AttentionConfig):
    """Config of an attention with weights phi(q) . phi(k), divided by their sum."""

    def feature_width(self, site: Site) -> int:
        """Numbers of phi(x) in one head."""
        raise NotImplementedError

    def reads_prefix(self, site: Site) -> bool:
        """Whether a token reads those up to itself only."""
        return site.causal

    def feature_macs(self, site: Site, length: int) -> int:
        """Multiply-accumulates of phi for all queries and keys."""
        return 0

    def macs(self, site: Site, length: int) -> int:
        """Projections, the position's part, features, and the two products of sums."""
        columns = self.head(site) + 1
        products = product_macs(length, self.feature_width(site), columns, self.reads_prefix(site))
        own = self.projection_macs(site, length) + self.position_macs(site, length)
        return own + self.feature_macs(site, length) + self.heads * products

    def step_macs(self, site: Site, context: int) -> int:
        """One token is added to the sums, and reads them."""
        own = self.projection_macs(site, 1) + self.position_macs(site, 1) + self.feature_macs(site, 1)
        return own + self.heads * step_product_macs(self.feature_width(site), self.head(site) + 1)

    def state_bytes(self, site: Site, length: int) -> int:
        """The sum of phi(k) [v, 1]^T in each head."""
        return 4 * self.heads * self.feature_width(site) * (self.head(site) + 1)

    def wide_state_bytes(self, site: Site, length: int) -> int:
        """The sums."""
        return FeatureAttentionConfig.state_bytes(self, site, length)


@dataclass(frozen=True)
class Sums:
    """Sum of phi(k) [v, 1]^T over the tokens seen, (B, H, F, d + 1)."""

    products: Tensor


class FeatureAttention(Attention):
    """Base of the modules of `FeatureAttentionConfig`: a subclass gives phi of queries and keys."""

    def __init__(self, config: FeatureAttentionConfig, site: Site) -> None:
        super().__init__(config, site)
        self.feature_width = config.feature_width(site)

    @abstractmethod
    def features(self, q: Tensor, k: Tensor, context: Context) -> tuple[Tensor, Tensor]:
        """q: (B, H, N, d), k: (B, Hkv, N, d) -> phi of each, (B, H, N, F) and (B, Hkv, N, F)."""

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        return self.merge(self.attended(self.project(x), context, None)[0])

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> State:
        """Empty `Sums`; capacity does not matter."""
        return Sums(empty_sums(batch, self.heads, self.feature_width, self.head_width + 1, like))

    def extend(self, x: Tensor, state: State, context: Context) -> tuple[Tensor, State]:
        """x: (B, T, D); the state is `Sums`."""
        y, products = self.attended(self.project(x), context, state.products)
        assert products is not None
        return self.merge(y), Sums(products)

    def attended(
        self, projected: tuple[Tensor, Tensor, Tensor], context: Context, state: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Queries, keys and values as `project` gives them -> (B, H, N, d), and the new state if one was given."""
        q, k, v = projected
        repeats = self.heads // self.kv_heads
        q, k = self.features(q, k, context)
        return weighted_mean(q, k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1), context, state)
