"""Sines and cosines of each position, added to the stack's input."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.search_spaces.contract import Capability, Position, PositionConfig, Site
from paretoformer.search_spaces.parts.distances import axes_problems, coordinates
from paretoformer.search_spaces.registry import register


@register("position", "sinusoidal", papers=(6,), capabilities=(Capability.PACKED,))
@dataclass(frozen=True, kw_only=True)
class SinusoidalConfig(PositionConfig):
    """Channel c of position i gets sin or cos of i / base^(2 floor(c/2) / D). Works at any length.

    With `grid` the first half of the channels is of the row and the second of the column, each as if the width were D / 2.
    Source: Vaswani et al. 2017, section 3.5; on a grid: Carion et al. 2020 (DETR), its appendix.
    """

    base: float = 10_000.0
    grid: bool = False

    def problems(self, site: Site) -> Iterator[str]:
        """Two axes need a grid, and halves an even width."""
        yield from axes_problems(self, site, grid=self.grid)
        if self.grid and site.width % 2:
            yield f"position sinusoidal with grid=true gives each axis half of the width, and the width is {site.width}; use an even one"

    def build(self, site: Site) -> "Sinusoidal":
        """The waves for `site`."""
        return Sinusoidal(self, site)


class Sinusoidal(Position):
    """The module of `SinusoidalConfig`; it has no parameters."""

    frequencies: Tensor

    def __init__(self, config: SinusoidalConfig, site: Site) -> None:
        super().__init__()
        self.grid = site.grid if config.grid else None
        self.width = site.width if self.grid is None else site.width // 2  # of an axis
        even = torch.arange(0, self.width, 2, dtype=torch.float64) / self.width
        self.register_buffer("frequencies", (config.base**-even).float(), persistent=False)

    def forward(self, x: Tensor, positions: Tensor) -> Tensor:
        """x: (B, N, D), positions: (N,) -> (B, N, D)."""
        waves = [self._waves(coordinate) for coordinate in coordinates(positions, self.grid)]
        return x + (waves[0] if len(waves) == 1 else torch.cat(waves, -1)).to(x.dtype)

    def _waves(self, coordinate: Tensor) -> Tensor:
        angles = coordinate[:, None] * self.frequencies
        return torch.stack((angles.sin(), angles.cos()), -1).flatten(1)[:, : self.width]
