"""Linear attention with the feature map elu(x) + 1."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import elu

from paretoformer.search_spaces.contract import Attention, AttentionConfig, Capability, Context, Site
from paretoformer.search_spaces.parts.feature_attention import (
    LEAST,
    Sums,
    empty_sums,
    product_macs,
    step_product_macs,
    weighted_mean,
    weighted_total,
)
from paretoformer.search_spaces.registry import register


@register(
    "mixer",
    "linear",
    papers=(20,),
    capabilities=(Capability.CAUSAL, Capability.BIDIRECTIONAL, Capability.ROTARY, Capability.EQUIVARIANT),
)
@dataclass(frozen=True, kw_only=True)
class LinearConfig(AttentionConfig):
    """Kernelised attention with weights phi(q) . phi(k), phi(x) = elu(x) + 1, divided by their sum.

    With rotary positions the numerator's features are rotated and the divisor's are not, so rows then do not sum to 1.
    Cost: projections and 2 N D (d + 1) MACs; decoding keeps H d (d + 1) numbers whatever the length.
    Source: Katharopoulos et al. 2020, eq. 9-12 (survey 20, section 4.4); rotary: Su et al. 2021, eq. 19.
    """

    def build(self, site: Site) -> "Linear":
        """The attention for `site`."""
        return Linear(self, site)

    def macs(self, site: Site, length: int) -> int:
        """Projections and the products of kernels.linear_attention; rotary takes a second pass for the divisor."""
        head = self.head(site)
        rotated = site.position is not None and Capability.ROTARY in site.position.choice.capabilities
        passes = (head, 1) if rotated else (head + 1,)
        return self.projection_macs(site, length) + self.heads * sum(
            product_macs(length, head, columns, site.causal) for columns in passes
        )

    def step_macs(self, site: Site, context: int) -> int:
        """One token is added to the sums, and reads them."""
        head = self.head(site)
        return self.projection_macs(site, 1) + self.heads * step_product_macs(head, head + 1)

    def state_bytes(self, site: Site, length: int) -> int:
        """The sum of phi(k) [v, 1]^T in each head."""
        head = self.head(site)
        return 4 * self.heads * head * (head + 1)

    def wide_state_bytes(self, site: Site, length: int) -> int:
        """All of it."""
        return self.state_bytes(site, length)


class Linear(Attention):
    """The module of `LinearConfig`."""

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        return self._attend(x, context, None)[0]

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> Sums:
        """An empty sum, at least in fp32; capacity does not matter."""
        return Sums(empty_sums(batch, self.heads, self.head_width, self.head_width + 1, like))

    def extend(self, x: Tensor, state: Sums, context: Context) -> tuple[Tensor, Sums]:
        """x: (B, T, D)."""
        y, products = self._attend(x, context, state.products)
        assert products is not None
        return y, Sums(products)

    def _attend(self, x: Tensor, context: Context, state: Tensor | None) -> tuple[Tensor, Tensor | None]:
        q, k, v = self.project(x)
        repeats = self.heads // self.kv_heads
        q, k, v = elu(q) + 1, (elu(k) + 1).repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
        turned_q, turned_k = self.rotated(q, context), self.rotated(k, context)
        if turned_q is q:
            y, state = weighted_mean(q, k, v, context, state)
            return self.merge(y), state
        values, ones = (None, None) if state is None else (state[..., :-1], state[..., -1:])
        total, values = weighted_total(turned_q, turned_k, v, context, values)
        divisor, ones = weighted_total(q, k, torch.ones_like(v[..., :1]), context, ones)
        state = None if values is None or ones is None else torch.cat((values, ones), -1)
        return self.merge((total / divisor.clamp_min(LEAST)).to(v.dtype)), state
