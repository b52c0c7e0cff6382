"""How lean attention shares the tiles of keys out to programs: integers only."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

LEAST_TILES = 2
"""Tiles that a program takes at least, to pay for the merge that it causes."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """The tiles first..end-1 of one output row that one program takes, counted over all rows."""

    program: int
    first: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every row's tiles in one list, cut in consecutive spans of equal size, give or take one tile.

    A row is one key head of one request. Programs 0 .. high - 1 take `most` tiles, the others one tile less. The
    program that holds a row's first tile is its host; all others are non-hosts, each for its first row only.
    Source: lean attention (paper 14), the stream-K division of Osama et al. 2023.
    """

    tiles: tuple[int, ...]
    """Tiles of each row, at least one."""
    programs: int

    @classmethod
    def of(cls, lengths: Sequence[int], *, heads: int, tile: int, programs: int) -> "Plan":
        """The plan for requests of `lengths` keys and `heads` key heads, for at most `programs` programs.

        A request without keys has one empty tile, so that somebody writes its zeros.
        """
        tiles = tuple(max(1, -(-length // tile)) for length in lengths for _ in range(heads))
        return cls(tiles=tiles, programs=min(programs, -(-sum(tiles) // LEAST_TILES)))

    @property
    def total(self) -> int:
        """Tiles of all rows."""
        return self.ends[-1]

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Where each row's tiles end in the list of all."""
        return tuple(accumulate(self.tiles))

    @property
    def most(self) -> int:
        """Tiles of the busiest program."""
        return -(-self.total // self.programs)

    @property
    def high(self) -> int:
        """Programs that take `most` tiles."""
        return self.total - (self.most - 1) * self.programs

    def span(self, program: int) -> range:
        """The tiles that a program takes."""
        start = self.most * program - max(0, program - self.high)
        return range(start, start + self.most - (program >= self.high))

    def owner(self, tile: int) -> int:
        """The program that takes a tile."""
        before = self.most * self.high
        return tile // self.most if tile < before else self.high + (tile - before) // (self.most - 1)

    def pieces(self, row: int) -> tuple[Piece, ...]:
        """The parts of a row in the order of their tiles; the first is the host's."""
        end = self.ends[row]
        first = end - self.tiles[row]
        return tuple(
            Piece(program=program, first=max(first, self.span(program).start), end=min(end, self.span(program).stop))
            for program in range(self.owner(first), self.owner(end - 1) + 1)
        )
