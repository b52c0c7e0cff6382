"""Queries and keys rotated by their position, so that scores see the distance."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.search_spaces.contract import Capability, MixerPosition, PositionConfig, Site
from paretoformer.search_spaces.parts.distances import axes_problems, coordinates
from paretoformer.search_spaces.registry import register


@register("position", "rotary", papers=(6, 12, 28), capabilities=(Capability.ROTARY, Capability.PACKED))
@dataclass(frozen=True, kw_only=True)
class RotaryConfig(PositionConfig):
    """Channels c and c + d/2 of a head turn by the angle i / base^(2 c / d). Works at any length.

    The first `fraction` of a head's channels turns, and d counts those only; paper 06 turns 0.25, pairing neighbours.
    With `grid` the first half of them turns by the row and the second by the column, each as if it were a head of its own;
    paper 12 does so with base 100.
    Source: Su et al. 2021, section 3.2.2, with the halves paired as in GPT-NeoX.
    """

    base: float = 10_000.0
    fraction: float = 1.0
    grid: bool = False

    def problems(self, site: Site) -> Iterator[str]:
        """Two axes need a grid, and no more than all channels turn."""
        yield from axes_problems(self, site, grid=self.grid)
        if self.fraction > 1:
            yield f"position rotary turns the fraction {self.fraction} of a head, and all of a head is 1; use at most 1"

    def rotated(self, head_width: int) -> int:
        """Channels of a head that turn."""
        return int(self.fraction * head_width)

    def build_in_mixer(self, site: Site, heads: int, head_width: int) -> "Rotary":
        """The rotation for heads of `head_width`."""
        return Rotary(self, self.rotated(head_width), site.grid if self.grid else None)

    def mixer_problems(self, heads: int, head_width: int) -> Iterator[str]:
        """Channels turn in pairs, along each axis."""
        rotated, parts = self.rotated(head_width), 4 if self.grid else 2
        if rotated % parts or not rotated:
            share = f"; {rotated} of them turn" if rotated != head_width else ""
            pairs = "pairs along two axes" if self.grid else "pairs"
            yield f"position rotary turns channels in {pairs}, and a head has {head_width} channels{share}; make it a multiple of {parts}"


class Rotary(MixerPosition):
    """The module of `RotaryConfig` for the first `width` channels of a head; it has no parameters."""

    frequencies: Tensor

    def __init__(self, config: RotaryConfig, width: int, grid: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.width, self.grid = width, grid
        own = width if grid is None else width // 2  # channels of an axis
        exponents = torch.arange(0, own, 2, dtype=torch.float64) / own
        self.register_buffer("frequencies", (config.base**-exponents).float(), persistent=False)

    def rotate(self, x: Tensor, positions: Tensor) -> Tensor:
        """x: (B, H, N, d), positions: (N,) -> (B, H, N, d)."""
        halves, parts = list(x[..., : self.width].split(len(self.frequencies), -1)), []
        for coordinate in coordinates(positions, self.grid):
            angles = coordinate[:, None] * self.frequencies  # (N, pairs)
            cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
            first, second, *halves = halves
            parts += [first * cos - second * sin, second * cos + first * sin]
        return torch.cat(parts if self.width == x.shape[-1] else [*parts, x[..., self.width :]], -1)
