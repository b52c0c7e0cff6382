"""A learned number for each head and bucket of distances, added to scores."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from paretoformer.search_spaces.contract import Capability, MixerPosition, PositionConfig, Site
from paretoformer.search_spaces.parts.distances import (
    axes_problems,
    bucket_problems,
    bucket_starts,
    bucketed,
    distances,
    pair_problems,
)
from paretoformer.search_spaces.registry import register


@register("position", "t5", papers=(6, 28), capabilities=(Capability.SCORE_BIAS,))
@dataclass(frozen=True, kw_only=True)
class T5Config(PositionConfig):
    """Scores of head h gain b_h[bucket(j - i)]; all distances from `farthest` on share a bucket, so any length works.

    Half of the buckets hold one distance each, the others widen geometrically. A causal stack has all `buckets` for keys
    before the query; a bidirectional one half of them for each side (with one of them, 0 after the query, never used).
    One table serves all layers, as in the paper, unless `per_layer`. With `grid` the biases of row and column are added,
    each from a table of its own.
    T5's attention does not divide scores by sqrt(d); the mixers here do.
    Source: Raffel et al. 2020, section 2.1; paper 06, section 2; on a grid: Wu et al. 2021 (iRPE), cross method.
    """

    buckets: int = 32
    farthest: int = 128
    per_layer: bool = False
    grid: bool = False

    @property
    def shared(self) -> bool:
        """One table for all layers."""
        return not self.per_layer

    def problems(self, site: Site) -> Iterator[str]:
        """Two axes need a grid, both sides of a query an even number of buckets, and wide buckets distances to hold."""
        yield from axes_problems(self, site, grid=self.grid)
        yield from pair_problems(self, site)
        yield from bucket_problems(self, site, self.buckets, self.farthest)

    def build_in_mixer(self, site: Site, heads: int, head_width: int) -> "T5":
        """The tables for `heads` heads."""
        return T5(self, site, heads)

    def mixer_parameters(self, heads: int, head_width: int) -> int:
        """A table an axis."""
        return (2 if self.grid else 1) * heads * self.buckets


class T5(MixerPosition):
    """The module of `T5Config`."""

    starts: Tensor

    def __init__(self, config: T5Config, site: Site, heads: int) -> None:
        super().__init__()
        self.one_sided, self.grid = site.causal, site.grid if config.grid else None
        side = config.buckets if site.causal else config.buckets // 2
        starts = torch.tensor(bucket_starts(side, config.farthest), dtype=torch.long)
        self.register_buffer("starts", starts, persistent=False)
        axes = 2 if self.grid else 1
        self.table = nn.Parameter(site.width**-0.5 * torch.randn(axes, heads, config.buckets))

    def bias(self, q: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
        """q is not looked at; queries: (T,), keys: (S,) -> (H, T, S)."""
        along = distances(queries, keys, self.grid)
        biases = [
            table[:, bucketed(distance, self.starts, one_sided=self.one_sided)]
            for table, distance in zip(self.table, along, strict=True)
        ]
        return biases[0] if len(biases) == 1 else biases[0] + biases[1]
