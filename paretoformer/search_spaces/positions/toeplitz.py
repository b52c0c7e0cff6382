"""A gate on normalised weights and a bias on scores, both learned for each distance."""

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


@register("position", "toeplitz", papers=(9,), capabilities=(Capability.SCORE_BIAS, Capability.WEIGHTS))
@dataclass(frozen=True, kw_only=True)
class ToeplitzConfig(PositionConfig):
    """softmax(q k^T / sqrt(d) + b) * c in each head, b and c by distance; with softmax this is URPE. No row is normalised again.

    Each distance below `farthest` has entries of its own, 2 farthest - 1 a head; all beyond share those of farthest - 1,
    so any length works (the paper leaves that open; in a causal stack the entries of keys after the query rest).
    With `buckets`, 64 in the official code, distances share entries as in T5 instead, half of them for each side of the
    query in a bidirectional stack; the official table has one bucket more, which nothing reads.
    b starts normal with deviation 0.02, c at 1. Both serve all layers, as in the official code, unless `per_layer`.
    With `grid`, which is ours, b is the sum of those of row and column and c their product.
    Source: paper 09 and its official code. Weight decay would draw c to 0, away from plain attention.
    """

    farthest: int = 128
    buckets: int | None = None
    per_layer: bool = False
    grid: bool = False

    @property
    def shared(self) -> bool:
        """One b and one c for all layers."""
        return not self.per_layer

    @property
    def entries(self) -> int:
        """Numbers of a head in each of b and c, along an axis."""
        return self.buckets or 2 * self.farthest - 1

    def problems(self, site: Site) -> Iterator[str]:
        """Two axes need a grid, pairs one sequence, and buckets must fit the site."""
        yield from axes_problems(self, site, grid=self.grid)
        yield from pair_problems(self, site)
        if self.buckets is not None:
            yield from bucket_problems(self, site, self.buckets, self.farthest)

    def build_in_mixer(self, site: Site, heads: int, head_width: int) -> "Toeplitz":
        """The tables for `heads` heads."""
        return Toeplitz(self, site, heads)

    def mixer_parameters(self, heads: int, head_width: int) -> int:
        """b and c, along each axis."""
        return 2 * (2 if self.grid else 1) * heads * self.entries


class Toeplitz(MixerPosition):
    """The module of `ToeplitzConfig`."""

    acts_on_weights = True
    starts: Tensor | None

    def __init__(self, config: ToeplitzConfig, site: Site, heads: int) -> None:
        super().__init__()
        self.one_sided, self.grid, self.farthest = site.causal, site.grid if config.grid else None, config.farthest
        side = config.buckets and (config.buckets if site.causal else config.buckets // 2)
        starts = torch.tensor(bucket_starts(side, config.farthest), dtype=torch.long) if side else None
        self.register_buffer("starts", starts, persistent=False)
        shape = (2 if self.grid else 1, heads, config.entries)
        self.scores = nn.Parameter(0.02 * torch.randn(shape))
        self.gates = nn.Parameter(torch.ones(shape))

    def bias(self, q: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
        """q is not looked at; queries: (T,), keys: (S,) -> (H, T, S)."""
        biases = self._looked_up(self.scores, queries, keys)
        return biases[0] if len(biases) == 1 else biases[0] + biases[1]

    def factor(self, queries: Tensor, keys: Tensor) -> Tensor:
        """queries: (T,), keys: (S,) -> (H, T, S)."""
        factors = self._looked_up(self.gates, queries, keys)
        return factors[0] if len(factors) == 1 else factors[0] * factors[1]

    def _looked_up(self, tables: Tensor, queries: Tensor, keys: Tensor) -> list[Tensor]:
        along = distances(queries, keys, self.grid)
        return [table[:, self._entry(distance)] for table, distance in zip(tables, along, strict=True)]

    def _entry(self, distance: Tensor) -> Tensor:
        if self.starts is not None:
            return bucketed(distance, self.starts, one_sided=self.one_sided)
        reach = self.farthest - 1
        return distance.clamp(-reach, reach) + reach
