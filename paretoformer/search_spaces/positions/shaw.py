"""Learned vectors for each clipped distance, added to keys and to values."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from paretoformer.search_spaces.contract import Capability, MixerPosition, PositionConfig, Site
from paretoformer.search_spaces.parts.distances import axes_problems, distances, pair_problems
from paretoformer.search_spaces.registry import register


@register("position", "shaw", papers=(17,), capabilities=(Capability.SCORE_BIAS, Capability.WEIGHTS))
@dataclass(frozen=True, kw_only=True)
class ShawConfig(PositionConfig):
    """Scores gain q_i . a_r / sqrt(d), outputs sum_j w_ij b_r, r the distance j - i clipped to -`clip` .. `clip`.

    The vectors are shared by the heads of a layer; distances beyond `clip` are not told apart, so any length works.
    Without `values` there are no b. With `grid` the vectors of row and column are added.
    Cost: 2 N (2 clip + 1) D MACs, half of it without values: queries meet each vector once, and weights of one distance
    are added before they meet theirs; twice of it on a grid.
    Source: Shaw et al. 2018, eq. 3 and 4, with the clip of paper 17 (8 for text, 14 for images of 32 x 32); the paper itself has
    16 and vectors of each head; on a grid: Wu et al. 2021 (iRPE), cross method.
    """

    clip: int = 8
    values: bool = True
    grid: bool = False

    def problems(self, site: Site) -> Iterator[str]:
        """Two axes need a grid, and pairs of tokens one sequence."""
        yield from axes_problems(self, site, grid=self.grid)
        yield from pair_problems(self, site)

    def build_in_mixer(self, site: Site, heads: int, head_width: int) -> MixerPosition:
        """The vectors for heads of `head_width`."""
        kind = Shaw if self.values else ShawKeys
        return kind(self, site.grid if self.grid else None, head_width)

    @property
    def _vectors(self) -> int:
        return (1 + self.values) * (1 + self.grid) * (2 * self.clip + 1)

    def mixer_parameters(self, heads: int, head_width: int) -> int:
        """Vectors for keys and values, along each axis."""
        return self._vectors * head_width

    def mixer_macs(self, heads: int, head_width: int, length: int) -> int:
        """Products of queries and of gathered weights with the vectors."""
        return length * heads * head_width * self._vectors


class ShawKeys(MixerPosition):
    """The module of `ShawConfig` without values."""

    def __init__(self, config: ShawConfig, grid: tuple[int, int] | None, head_width: int) -> None:
        super().__init__()
        self.clip, self.grid = config.clip, grid
        self.keys = self.table(head_width)

    def table(self, head_width: int) -> nn.Parameter:
        """Fresh vectors (axes, 2 clip + 1, d)."""
        axes = 2 if self.grid else 1
        return nn.Parameter(head_width**-0.5 * torch.randn(axes, 2 * self.clip + 1, head_width))

    def entries(self, queries: Tensor, keys: Tensor) -> list[Tensor]:
        """Which vector each pair has along each axis, (T, S)."""
        return [d.clamp(-self.clip, self.clip) + self.clip for d in distances(queries, keys, self.grid)]

    def bias(self, q: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
        """q: (B, H, T, d), queries: (T,), keys: (S,) -> (B, H, T, S)."""
        total: Tensor | None = None
        for vectors, entry in zip(self.keys, self.entries(queries, keys), strict=True):
            met = q @ vectors.mT / q.shape[-1] ** 0.5  # (B, H, T, 2 clip + 1)
            part = met.gather(-1, entry.expand(*met.shape[:3], -1))
            total = part if total is None else total + part
        assert total is not None
        return total


class Shaw(ShawKeys):
    """The module of `ShawConfig`."""

    acts_on_weights = True

    def __init__(self, config: ShawConfig, grid: tuple[int, int] | None, head_width: int) -> None:
        super().__init__(config, grid, head_width)
        self.weighted = self.table(head_width)

    def values(self, weights: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
        """weights: (B, H, T, S), queries: (T,), keys: (S,) -> (B, H, T, d)."""
        wide = torch.promote_types(weights.dtype, torch.float32)
        total: Tensor | None = None
        for vectors, entry in zip(self.weighted, self.entries(queries, keys), strict=True):
            sums = weights.new_zeros(*weights.shape[:3], len(vectors), dtype=wide)
            sums = sums.scatter_add(-1, entry.expand_as(weights), weights.to(wide))
            part = sums.to(weights.dtype) @ vectors
            total = part if total is None else total + part
        assert total is not None
        return total
