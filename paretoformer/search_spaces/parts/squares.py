"""Squares of a grid as blocks of attention: cut, shifted around its borders, and put together again."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import pad

from paretoformer.search_spaces.parts.blocks import Blocks

Grid = tuple[int, int]


@dataclass(frozen=True)
class Squares:
    """Squares of `side` x `side` places that cover a grid, from `shift` places down and to the right of its corner on.

    What a shift pushes over a border comes in again at the other, in squares of its own kind: places that were no
    neighbours do not see each other. Where sides do not divide the grid, the last squares are partly empty, and what is empty
    is not read (the official code reads zeros there).
    Source: Liu et al. 2021 (Swin), section 3.2.
    """

    grid: Grid
    side: int
    shift: int = 0

    @property
    def across(self) -> Grid:
        """Squares along each axis."""
        return -(-self.grid[0] // self.side), -(-self.grid[1] // self.side)

    @property
    def pairs(self) -> int:
        """Pairs of a query and a key whose scores are computed, masked ones too."""
        rows, columns = self.across
        return rows * columns * self.side**4

    def cut(self, q: Tensor, k: Tensor, v: Tensor) -> Blocks:
        """q: (B, H, N, d), k and v: (B, Hkv, N, d), row by row on the grid."""
        places, seen = self._places.to(q.device), self._seen.to(q.device)
        q, k, v = (self._squares(x) for x in (q, k, v))
        return Blocks(q=q, k=k, v=v, queries=places, keys=places, seen=seen, last=self.grid[0] * self.grid[1] - 1)

    def joined(self, y: Tensor) -> Tensor:
        """(B, H, n, T, d) -> (B, H, N, d)."""
        rows, columns = self.across
        image = y.unflatten(3, (self.side, self.side)).unflatten(2, (rows, columns))
        image = image.transpose(3, 4).flatten(4, 5).flatten(2, 3)  # (B, H, rows side, columns side, d)
        if self.shift:
            image = image.roll((self.shift, self.shift), (2, 3))
        return image[:, :, : self.grid[0], : self.grid[1]].flatten(2, 3)

    @property
    def kinds(self) -> int:
        """Different offsets of a key from a query in one square."""
        return (2 * self.side - 1) ** 2

    @property
    def offsets(self) -> Tensor:
        """(T, T) long, by which of these key j lies from query i."""
        row, column = (
            axis.flatten() for axis in torch.meshgrid(torch.arange(self.side), torch.arange(self.side), indexing="ij")
        )
        down, right = (axis[:, None] - axis + self.side - 1 for axis in (row, column))
        return down * (2 * self.side - 1) + right

    def _squares(self, x: Tensor) -> Tensor:
        """(B, H, N, d) -> (B, H, n, T, d)."""
        rows, columns = self.across
        image = x.unflatten(2, self.grid)
        image = pad(image, (0, 0, 0, columns * self.side - self.grid[1], 0, rows * self.side - self.grid[0]))
        if self.shift:
            image = image.roll((-self.shift, -self.shift), (2, 3))
        image = image.unflatten(3, (columns, self.side)).unflatten(2, (rows, self.side))
        return image.transpose(3, 4).flatten(4, 5).flatten(2, 3)

    @cached_property
    def _places(self) -> Tensor:
        """(n, T), positions, -1 where a square is empty."""
        places = torch.arange(self.grid[0] * self.grid[1]).view(1, 1, -1, 1) + 1
        return self._squares(places)[0, 0, ..., 0] - 1

    @cached_property
    def _seen(self) -> Tensor:
        """(1, n, T, T), whether a key is there and lies where the query does: pushed over the same borders."""
        places = self._places
        pushed = 2 * (places // self.grid[1] < self.shift) + (places % self.grid[1] < self.shift)
        seen = (pushed[:, None] == pushed[..., None]) & (places >= 0)[:, None]
        return (seen | torch.eye(self.side**2, dtype=torch.bool))[None]
