"""A penalty on scores that grows with distance."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.search_spaces.contract import Capability, MixerPosition, PositionConfig, Site
from paretoformer.search_spaces.parts.distances import axes_problems, distances, pair_problems
from paretoformer.search_spaces.registry import register


@register("position", "alibi", papers=(6,), capabilities=(Capability.SCORE_BIAS,))
@dataclass(frozen=True, kw_only=True)
class AlibiConfig(PositionConfig):
    """Scores of head h lose slope_h |i - j|; slopes fall geometrically from 2^(-8/H). Works at any length.

    For a number of heads that is no power of two, the missing slopes are every other one of twice the power below.
    With `grid` the distance is the straight line between two places of the grid.
    Source: Press et al. 2021, section 3; the symmetric form in bidirectional stacks is the authors' later one; on a grid:
    Fuller et al. 2023 (CROMA), 2D-ALiBi.
    """

    grid: bool = False

    def problems(self, site: Site) -> Iterator[str]:
        """Two axes need a grid, and pairs of tokens one sequence."""
        yield from axes_problems(self, site, grid=self.grid)
        yield from pair_problems(self, site)

    def build_in_mixer(self, site: Site, heads: int, head_width: int) -> "Alibi":
        """The penalty for `heads` heads."""
        return Alibi(heads, site.grid if self.grid else None)


def slopes(heads: int) -> list[float]:
    """The slope of each head."""
    power = 1 << (heads.bit_length() - 1)
    first = [2 ** (-8 * (h + 1) / power) for h in range(power)]
    between = [2 ** (-8 * (h + 1) / (2 * power)) for h in range(0, 2 * power, 2)]
    return first + between[: heads - power]


class Alibi(MixerPosition):
    """The module of `AlibiConfig`; it has no parameters."""

    slopes: Tensor

    def __init__(self, heads: int, grid: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.grid = grid
        self.register_buffer("slopes", torch.tensor(slopes(heads)), persistent=False)

    def bias(self, q: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
        """q is not looked at; queries: (T,), keys: (S,) -> (H, T, S)."""
        along = distances(queries, keys, self.grid)
        distance = along[0].abs() if len(along) == 1 else torch.hypot(along[0].float(), along[1].float())
        return -self.slopes[:, None, None] * distance.to(self.slopes.dtype)
