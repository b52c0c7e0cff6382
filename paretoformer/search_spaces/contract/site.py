"""Where a choice is put: all that building, counting and checking it needs to know."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from paretoformer.search_spaces.contract.position import PositionConfig


@dataclass(frozen=True, kw_only=True)
class Site:
    """A place in a stack.

    `width` is D, `length` the most tokens it will see, `grid` (height, width) where the tokens lie on one.
    `position` is the stack's position choice; a mixer that can builds its part of it in.
    `memory_width` is the width of the memory that a cross branch attends to.
    """

    width: int
    length: int
    causal: bool = False
    grid: tuple[int, int] | None = None
    position: Optional["PositionConfig"] = None
    memory_width: int | None = None

    def __str__(self) -> str:
        if self.grid:
            return f"a grid of {self.grid[0]} x {self.grid[1]}"
        return f"a {'causal ' if self.causal else ''}sequence of up to {self.length} tokens"
