"""A learned vector for each position, added to the stack's input."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from paretoformer.search_spaces.contract import Capability, Position, PositionConfig, Site
from paretoformer.search_spaces.registry import register


@register("position", "learned", papers=(6,), capabilities=(Capability.FIXED_LENGTH,))
@dataclass(frozen=True, kw_only=True)
class LearnedConfig(PositionConfig):
    """x_i + p_i with a table of as many rows as the site is long; beyond them it is refused.

    Source: Gehring et al. 2017, section 3.1 (paper 06, section 2).
    """

    def build(self, site: Site) -> "Learned":
        """The table for `site`."""
        return Learned(site)

    def parameters(self, site: Site) -> int:
        """The table."""
        return site.length * site.width

    def table_parameters(self, site: Site) -> int:
        """All of it."""
        return self.parameters(site)


class Learned(Position):
    """The module of `LearnedConfig`."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.table = nn.Parameter(0.02 * torch.randn(site.length, site.width))

    def forward(self, x: Tensor, positions: Tensor) -> Tensor:
        """x: (B, N, D), positions: (N,) -> (B, N, D)."""
        return x + self.table[positions]
