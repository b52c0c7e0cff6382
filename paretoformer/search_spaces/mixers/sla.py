"""Simplified linear attention: the feature map ReLU, and a depthwise convolution of the values beside it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, relu

from paretoformer.search_spaces.contract import Capability, Context, Site
from paretoformer.search_spaces.parts.feature_attention import (
    FeatureAttention,
    FeatureAttentionConfig,
    empty_sums,
)
from paretoformer.search_spaces.registry import register


@register("mixer", "sla", papers=(18,), capabilities=(Capability.CAUSAL, Capability.BIDIRECTIONAL))
@dataclass(frozen=True, kw_only=True)
class SlaConfig(FeatureAttentionConfig):
    """Weights relu(q) . relu(k) divided by their sum, plus a depthwise convolution of v whose weights all heads share.

    The convolution is `kernel` x `kernel` on a grid. On a sequence it is `kernel` tokens wide, and in a causal stack it
    reads the last `kernel` tokens; both are ours. `kernel` 0 leaves it out: ReLU linear attention (EfficientViT).
    `table` adds learned numbers for each place of a grid to the keys before the ReLU, as the official code does.

    Cost: projections, 2 N D (d + 1) MACs for sums, N D kernel^2 for the convolution (N D kernel on a sequence); decoding
    keeps H d (d + 1) numbers and kernel - 1 values. The official code takes the other order of products where N <= d;
    its values are the same. A query that relu makes zero gives the convolution alone.
    Source: paper 18 (SLAB), section on simplified linear attention; the table is in its code only.
    """

    kernel: int = field(default=5, metadata={"least": 0})
    table: bool = False

    def problems(self, site: Site) -> Iterator[str]:
        """The kernel has a centre and is no wider than what it slides over; a table needs places that stay."""
        yield from super().problems(site)
        if not site.causal and self.kernel % 2 == 0 and self.kernel:
            yield f"mixer sla with kernel {self.kernel} has no centre, and this stack is not causal; use an odd kernel or 0"
        side = min(site.grid) if site.grid else site.length
        most = side if site.causal else 2 * side - 1
        if self.kernel > most:
            yield f"mixer sla has kernel {self.kernel}, wider than its tokens, and this stack has {site}; use at most {most}"
        if self.table and site.grid is None:
            yield f"mixer sla with a table has a row for each place of a grid, and this stack has {site}; set table to false"

    def build(self, site: Site) -> "Sla":
        """The attention for `site`."""
        return Sla(self, site)

    def feature_width(self, site: Site) -> int:
        """As wide as the head."""
        return self.head(site)

    def parameters(self, site: Site) -> int:
        """Projections, the kernel with its bias, the table."""
        head = self.head(site)
        taps = self.kernel**2 if site.grid else self.kernel
        table = site.length * self.kv * head if self.table else 0
        return super().parameters(site) + ((taps + 1) * head if taps else 0) + table

    def macs(self, site: Site, length: int) -> int:
        """Those of the sums, and of the convolution of each head of values."""
        taps = self.kernel**2 if site.grid else self.kernel
        return super().macs(site, length) + length * self.kv * self.head(site) * taps

    def step_macs(self, site: Site, context: int) -> int:
        """Those of the sums, and one place of the convolution."""
        return super().step_macs(site, context) + self.kv * self.head(site) * self.kernel

    def state_bytes(self, site: Site, length: int) -> int:
        """The sums, and the last kernel - 1 values."""
        values = self.kv * self.head(site)
        return super().state_bytes(site, length) + 4 * max(self.kernel - 1, 0) * values


@dataclass(frozen=True)
class SumsAndRecent:
    """Sum of relu(k) [v, 1]^T, (B, H, d, d + 1), and the last values (B, Hkv, kernel - 1, d), zero before the first."""

    products: Tensor
    recent: Tensor


class Sla(FeatureAttention):
    """The module of `SlaConfig`."""

    def __init__(self, config: SlaConfig, site: Site) -> None:
        super().__init__(config, site)
        self.kernel = config.kernel
        shape = (self.kv_heads, site.length, self.head_width)
        self.table = nn.Parameter(torch.zeros(shape)) if config.table else None
        make = nn.Conv2d if site.grid else nn.Conv1d
        width, centre = self.head_width, 0 if site.causal else self.kernel // 2
        self.near = make(width, width, self.kernel, padding=centre, groups=width) if self.kernel else None

    def features(self, q: Tensor, k: Tensor, context: Context) -> tuple[Tensor, Tensor]:
        """What is positive of queries and keys (B, H, N, d)."""
        return relu(q), relu(k if self.table is None else k + self.table)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        q, k, v = self.project(x)
        y, _ = self.attended((q, k, v), context, None)
        valid = context.valid(x.shape[1])
        if valid is not None:
            v = v * valid[:, None, :, None]
        if context.causal:
            v = pad(v, (0, 0, max(self.kernel - 1, 0), 0))
        return self.merge(self._with_near(y, v, context))

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> SumsAndRecent:
        """Empty sums, and zeros for the values before the first."""
        recent = like.new_zeros(batch, self.kv_heads, max(self.kernel - 1, 0), self.head_width)
        return SumsAndRecent(empty_sums(batch, self.heads, self.feature_width, self.head_width + 1, like), recent)

    def extend(self, x: Tensor, state: SumsAndRecent, context: Context) -> tuple[Tensor, SumsAndRecent]:
        """x: (B, T, D)."""
        q, k, v = self.project(x)
        y, products = self.attended((q, k, v), context, state.products)
        assert products is not None
        window = torch.cat((state.recent, v), 2)
        recent = window[:, :, x.shape[1] :].clone()  # a view would keep all of v alive
        return self.merge(self._with_near(y, window, context)), SumsAndRecent(products, recent)

    def _with_near(self, y: Tensor, v: Tensor, context: Context) -> Tensor:
        """y: (B, H, N, d) plus the convolution of v: (B, Hkv, N, d), with the values before it in a causal stack."""
        if self.near is None:
            return y
        channels = v.flatten(0, 1).mT  # (B Hkv, d, N)
        if context.grid is not None:
            channels = channels.unflatten(2, context.grid)
        near = self.near(channels).flatten(2).mT.unflatten(0, v.shape[:2])
        return y + near.repeat_interleave(self.heads // self.kv_heads, 1)
