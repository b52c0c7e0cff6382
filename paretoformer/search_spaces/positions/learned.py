"""A learned vector for each position, added to the stack's input."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from paretoformer.search_spaces.contract import Capability, Context, Position, PositionConfig, Site
from paretoformer.search_spaces.parts.distances import axes_problems, coordinates
from paretoformer.search_spaces.registry import register


@register("position", "learned", papers=(6,), capabilities=(Capability.FIXED_LENGTH, Capability.PACKED))
@dataclass(frozen=True, kw_only=True)
class LearnedConfig(PositionConfig):
    """x_i + p_i with a table of as many rows as the site is long; beyond them it is refused.

    With `grid` p_i is a vector of the row beside a vector of the column, D / 2 channels each.
    Source: Gehring et al. 2017, section 3.1 (paper 06, section 2); on a grid: Dosovitskiy et al. 2021, appendix D.4.
    """

    grid: bool = False

    def problems(self, site: Site) -> Iterator[str]:
        """Two axes need a grid, and halves an even width."""
        yield from axes_problems(self, site, grid=self.grid)
        if self.grid and site.width % 2:
            yield f"position learned with grid=true gives each axis half of the width, and the width is {site.width}; use an even one"

    def build(self, site: Site) -> "Position":
        """The table for `site`."""
        return LearnedAxes(site) if self.grid else Learned(site)

    def parameters(self, site: Site) -> int:
        """The table, or those of rows and columns."""
        if self.grid and site.grid:
            return sum(site.grid) * (site.width // 2)
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

    def at(self, x: Tensor, context: Context) -> Tensor:
        """Rows that follow each other are a slice, 2 to 3.7 times faster on a CPU than looking them up.

        What is compiled or exported looks up, so that the offset may be a variable.
        """
        if context.first is None or torch.compiler.is_compiling() or torch.compiler.is_exporting():
            return super().at(x, context)
        return x + self.table.narrow(0, context.first, x.shape[1])


class LearnedAxes(Position):
    """The module of `LearnedConfig` with two axes."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        assert site.grid is not None, "refused by the config"
        self.grid = site.grid
        self.rows, self.columns = (nn.Parameter(0.02 * torch.randn(side, site.width // 2)) for side in site.grid)

    def forward(self, x: Tensor, positions: Tensor) -> Tensor:
        """x: (B, N, D), positions: (N,) -> (B, N, D)."""
        row, column = coordinates(positions, self.grid)
        return x + torch.cat((self.rows[row], self.columns[column]), -1)
