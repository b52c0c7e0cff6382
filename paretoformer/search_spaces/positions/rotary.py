"""Queries and keys rotated by their position, so that scores see the distance."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.search_spaces.contract import Capability, MixerPosition, PositionConfig, Site
from paretoformer.search_spaces.registry import register


@register("position", "rotary", papers=(6,), capabilities=(Capability.ROTARY,))
@dataclass(frozen=True, kw_only=True)
class RotaryConfig(PositionConfig):
    """Channels c and c + d/2 of a head turn by the angle i / base^(2 c / d). Works at any length.

    Source: Su et al. 2021, section 3.2.2, with the halves paired as in GPT-NeoX.
    """

    base: float = 10_000.0

    def build_in_mixer(self, site: Site, heads: int, head_width: int) -> "Rotary":
        """The rotation for heads of `head_width`."""
        return Rotary(self, head_width)

    def mixer_problems(self, heads: int, head_width: int) -> Iterator[str]:
        """Channels turn in pairs."""
        if head_width % 2:
            yield f"position rotary turns channels in pairs, and a head has {head_width} channels"


class Rotary(MixerPosition):
    """The module of `RotaryConfig`; it has no parameters."""

    frequencies: Tensor

    def __init__(self, config: RotaryConfig, head_width: int) -> None:
        super().__init__()
        exponents = torch.arange(0, head_width, 2, dtype=torch.float64) / head_width
        self.register_buffer("frequencies", (config.base**-exponents).float(), persistent=False)

    def rotate(self, x: Tensor, positions: Tensor) -> Tensor:
        """x: (B, H, N, d), positions: (N,) -> (B, H, N, d)."""
        angles = positions[:, None] * self.frequencies  # (N, d / 2)
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        first, second = x.chunk(2, dim=-1)
        return torch.cat((first * cos - second * sin, second * cos + first * sin), -1)
