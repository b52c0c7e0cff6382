"""Sines and cosines of each position, added to the stack's input."""

from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.search_spaces.contract import Position, PositionConfig, Site
from paretoformer.search_spaces.registry import register


@register("position", "sinusoidal", papers=(6,))
@dataclass(frozen=True, kw_only=True)
class SinusoidalConfig(PositionConfig):
    """Channel c of position i gets sin or cos of i / base^(2 floor(c/2) / D). Works at any length.

    Source: Vaswani et al. 2017, section 3.5.
    """

    base: float = 10_000.0

    def build(self, site: Site) -> "Sinusoidal":
        """The waves for `site`."""
        return Sinusoidal(self, site)


class Sinusoidal(Position):
    """The module of `SinusoidalConfig`; it has no parameters."""

    frequencies: Tensor

    def __init__(self, config: SinusoidalConfig, site: Site) -> None:
        super().__init__()
        even = torch.arange(0, site.width, 2, dtype=torch.float64) / site.width
        self.width = site.width
        self.register_buffer("frequencies", (config.base**-even).float(), persistent=False)

    def forward(self, x: Tensor, positions: Tensor) -> Tensor:
        """x: (B, N, D), positions: (N,) -> (B, N, D)."""
        angles = positions[:, None] * self.frequencies
        waves = torch.stack((angles.sin(), angles.cos()), -1).flatten(1)[:, : self.width]
        return x + waves.to(x.dtype)
