"""Performer: softmax attention estimated by positive random features (FAVOR+)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import relu

from paretoformer.kernels.precision import widened, without_autocast
from paretoformer.search_spaces.contract import Capability, Context, Site
from paretoformer.search_spaces.contract.position import ExactBuffers
from paretoformer.search_spaces.parts.feature_attention import FeatureAttention, FeatureAttentionConfig
from paretoformer.search_spaces.registry import register

LEAST_EXP, LEAST_RELU = 1e-4, 1e-3
"""Added to features, so that no row of weights is zero (the official code's numbers)."""
MOST_EXPONENT = 60.0
"""Of a key's feature: exp(60) a token still leaves room for sums in fp32."""


@register(
    "mixer",
    "performer",
    papers=(20,),
    capabilities=(Capability.CAUSAL, Capability.BIDIRECTIONAL, Capability.ROTARY, Capability.EQUIVARIANT),
)
@dataclass(frozen=True, kw_only=True)
class PerformerConfig(FeatureAttentionConfig):
    """Weights phi(q) . phi(k) whose mean over draws of m rows w is exp(q . k / sqrt(d)), divided by their sum.

    With x' = x d^(-1/4): phi(x) = exp(w x' - |x'|^2 / 2) + 1e-4, or relu(w x') + 1e-3 with the `relu` kernel. The rows,
    the same for all heads, are orthogonal within blocks of d; their norms are those of `gaussian` rows, or all sqrt(d),
    on a `sphere`. `redraw` draws them anew every so many forward passes of training.

    Exponents of a query lose their largest, which cancels but for the 1e-4. `stabiliser` both also takes the largest
    of all keys of the sequence off, as the official code does; that looks ahead, so a causal stack refuses it. With
    stabiliser query nothing is taken off a key's exponents, and they end at MOST_EXPONENT = 60, above which sums overflow.

    Cost: projections, 2 N D m MACs for features, 2 N m D (d + 1) / d for sums; decoding keeps H m (d + 1) numbers.
    Source: Choromanski et al. 2021 (arXiv 2009.14794); survey 20. m = 256 is the setting of Long Range Arena.
    """

    draws: int = 256
    kernel: Literal["exp", "relu"] = "exp"
    rows: Literal["gaussian", "sphere"] = "gaussian"
    stabiliser: Literal["query", "both"] = "query"
    redraw: int | None = None

    def problems(self, site: Site) -> Iterator[str]:
        """No stabiliser may look ahead, and the relu kernel has no exponents."""
        yield from super().problems(site)
        if self.stabiliser == "both" and site.causal:
            yield "mixer performer with stabiliser both reads all keys at once, and this stack is causal; use stabiliser query"
        if self.stabiliser == "both" and self.kernel == "relu":
            yield "mixer performer with kernel relu has no exponents, and stabiliser both acts on them; use stabiliser query"

    def build(self, site: Site) -> "Performer":
        """The attention for `site`."""
        return Performer(self, site)

    def feature_width(self, site: Site) -> int:
        """One feature for each draw."""
        return self.draws

    def feature_macs(self, site: Site, length: int) -> int:
        """Products of queries and keys with the drawn rows."""
        return length * self.draws * self.head(site) * (self.heads + self.kv)


class Performer(FeatureAttention):
    """The module of `PerformerConfig`."""

    def __init__(self, config: PerformerConfig, site: Site) -> None:
        super().__init__(config, site)
        self.kernel, self.stabiliser = config.kernel, config.stabiliser
        self.drawn = Drawn(config, self.head_width)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        self.drawn.count()
        return super().forward(x, context)

    def features(self, q: Tensor, k: Tensor, context: Context) -> tuple[Tensor, Tensor]:
        """phi of queries and keys (B, H, N, d), m numbers each."""
        q, k = self.rotated(q, context), self.rotated(k, context)
        held = torch.float32 if q.dtype == torch.float16 else q.dtype  # fp16 ends at exp(11)
        with without_autocast(q):
            q, k = widened(q) * self.head_width**-0.25, widened(k) * self.head_width**-0.25
            if self.kernel == "relu":
                return (relu(self.drawn(q)) + LEAST_RELU).to(held), (relu(self.drawn(k)) + LEAST_RELU).to(held)
            q, k = (self.drawn(x) - x.square().sum(-1, keepdim=True) / 2 for x in (q, k))
            q = q - q.detach().amax(-1, keepdim=True)
            k = k.clamp_max(MOST_EXPONENT) if self.stabiliser == "query" else _below_largest(k, context)
            return (q.exp() + LEAST_EXP).to(held), (k.exp() + LEAST_EXP).to(held)


class Drawn(ExactBuffers):
    """The random rows (m, d), kept in fp32, and the forward passes of training since the last draw."""

    rows: Tensor
    passes: Tensor

    def __init__(self, config: PerformerConfig, width: int) -> None:
        super().__init__()
        self.shape, self.norms, self.redraw = (config.draws, width), config.rows, config.redraw
        self.register_buffer("rows", self._draw())
        self.register_buffer("passes", torch.zeros((), dtype=torch.long))

    def forward(self, x: Tensor) -> Tensor:
        """x: (..., d) -> (..., m)."""
        return x @ self.rows.to(x.dtype).mT

    def count(self) -> None:
        """Note a forward pass; in training every `redraw`-th has new rows."""
        if self.training and self.redraw is not None:
            self.passes += 1
            if int(self.passes) % self.redraw == 0:
                self.rows.copy_(self._draw())

    def _draw(self) -> Tensor:
        features, width = self.shape
        square, upper = torch.linalg.qr(torch.randn(-(-features // width), width, width))
        # LAPACK fixes signs by the first component; without the diagonal's, directions would fill half of the sphere.
        directions = (square * upper.diagonal(dim1=1, dim2=2).sign()[:, None]).mT.flatten(0, 1)[:features]
        if self.norms == "sphere":
            return directions * width**0.5
        return directions * torch.randn(features, width).norm(dim=1, keepdim=True)


def _below_largest(exponents: Tensor, context: Context) -> Tensor:
    """exponents: (B, H, N, m), less the largest of all valid tokens and features of each head."""
    valid = context.valid(exponents.shape[2])
    if valid is not None:
        exponents = exponents.masked_fill(~valid[:, None, :, None], -torch.inf)
    largest = exponents.detach().amax((-2, -1), keepdim=True)
    return exponents - largest.clamp_min(torch.finfo(exponents.dtype).min)
