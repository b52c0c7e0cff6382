"""How lean attention shares the tiles of keys out to programs: integers only."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

SETUP_STEPS = 1
"""What beginning a row takes, in tiles: its queries and first keys are waited for."""
LEAST_STEPS = 2
"""Steps that a program takes at least, to pay for the merge that it causes."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """The tiles first..end-1 of a row that one program takes; none where it ends with the row's set-up."""

    program: int
    first: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every row's set-up and tiles in one list of steps, cut in consecutive spans of equal size, give or take one.

    A row is one key head of one request. Programs 0 .. high - 1 take `most` steps, the others one less. The program that
    holds a row's first step is its host; all others are non-hosts, each for its first row only.
    Source: lean attention (paper 14), the stream-K division of Osama et al. 2023; that a row's beginning counts is ours,
    so that a program of many short rows is not the last to end.
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
        steps = sum(tiles) + SETUP_STEPS * len(tiles)
        return cls(tiles=tiles, programs=min(programs, -(-steps // LEAST_STEPS)))

    @property
    def total(self) -> int:
        """Steps of all rows."""
        return self.ends[-1]

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Where each row's steps end in the list of all."""
        return tuple(accumulate(tiles + SETUP_STEPS for tiles in self.tiles))

    @property
    def most(self) -> int:
        """Steps of the busiest program."""
        return -(-self.total // self.programs)

    @property
    def high(self) -> int:
        """Programs that take `most` steps."""
        return self.total - (self.most - 1) * self.programs

    def span(self, program: int) -> range:
        """The steps that a program takes."""
        start = self.most * program - max(0, program - self.high)
        return range(start, start + self.most - (program >= self.high))

    def owner(self, step: int) -> int:
        """The program that takes a step."""
        before = self.most * self.high
        return step // self.most if step < before else self.high + (step - before) // (self.most - 1)

    def pieces(self, row: int) -> tuple[Piece, ...]:
        """The parts of a row in the order of its tiles, which count from 0; the first is the host's."""
        tiles, end = self.tiles[row], self.ends[row]
        begin = end - tiles  # the step of the row's first tile
        return tuple(
            Piece(
                program=program,
                first=max(0, self.span(program).start - begin),
                end=max(0, min(tiles, self.span(program).stop - begin)),
            )
            for program in range(self.owner(begin - SETUP_STEPS), self.owner(end - 1) + 1)
        )
