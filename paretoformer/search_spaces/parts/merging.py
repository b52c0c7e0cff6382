"""Joining the tokens of each 2 x 2 square of a grid to one, as between the stages of Swin."""

import torch
from torch import Tensor, nn

from paretoformer.search_spaces.contract import Context, Norm

Grid = tuple[int, int]


class Merging(nn.Module):
    """The channels of four neighbours side by side, normalised, mapped by one layer without bias.

    An odd last row or column is left out. Source: Liu et al. 2021 (Swin), section 3.1 and the official code, whose order of
    the four is: upper left, lower left, upper right, lower right.
    """

    def __init__(self, width: int, wider: int, norm: Norm | None) -> None:
        super().__init__()
        self.norm = norm
        self.map = nn.Linear(4 * width, wider, bias=False)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """x: (B, h w, D) on a grid of (h, w) -> (B, h/2 w/2, D')."""
        rows, columns = grid[0] // 2, grid[1] // 2
        image = x.unflatten(1, grid)[:, : 2 * rows, : 2 * columns]
        parts = [image[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        joined = torch.cat(parts, -1).flatten(1, 2)
        if self.norm is not None:
            joined = self.norm(joined, Context(grid=(rows, columns)))
        y: Tensor = self.map(joined)
        return y


class Striding(nn.Module):
    """A convolution of stride 2: `kernel` 3 is padded by 1, 1 and 2 are not."""

    def __init__(self, width: int, wider: int, kernel: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(width, wider, kernel, stride=2, padding=kernel // 3)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """x: (B, h w, D) on a grid of (h, w) -> (B, N', D')."""
        image = x.unflatten(1, grid).permute(0, 3, 1, 2)  # channels last, without a copy
        y: Tensor = self.convolution(image).permute(0, 2, 3, 1).flatten(1, 2)
        return y
