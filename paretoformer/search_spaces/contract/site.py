"""Where a choice is put: all that building, counting and checking it needs to know."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from paretoformer.search_spaces.contract.position import PositionConfig


@dataclass(frozen=True, kw_only=True)
class MemorySite:
    """What cross branches read: `length` tokens of `width`.

    `normed`: each branch normalises them by a norm of its own. `placed`: they stand at positions of their own, which the
    stack's position choice sees.
    """

    width: int
    length: int
    normed: bool = False
    placed: bool = False


@dataclass(frozen=True, kw_only=True)
class Site:
    """A place in a stack.

    `width` is D, `length` the most tokens it will see, `grid` (height, width) where the tokens lie on one.
    `position` is the stack's position choice; a mixer that can builds its part of it in.
    `memory` is there for the cross branches of a stack that reads one, and makes a mixer read it.
    `block`: a causal stack is causal by blocks of so many tokens, each of which sees itself whole.
    `closed`: a stack whose last branch does not end in its norm ends in it once more.
    """

    width: int
    length: int
    causal: bool = False
    grid: tuple[int, int] | None = None
    position: Optional["PositionConfig"] = None
    memory: MemorySite | None = None
    block: int = 1
    closed: bool = True

    def of(self, role: str) -> "Site":
        """What a branch of that role sees: the memory in a cross branch alone, and positions there where it has them."""
        if role != "cross":
            return replace(self, memory=None)
        placed = self.memory is not None and self.memory.placed
        return self if placed else replace(self, position=None)

    def __str__(self) -> str:
        if self.grid:
            return f"a grid of {self.grid[0]} x {self.grid[1]}"
        return f"a {'causal ' if self.causal else ''}sequence of up to {self.length} tokens"
