"""What a module knows about its input beside the tensor itself."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Context:
    """Facts of one call, shared by all blocks of a stack.

    `lengths` (B,) counts the valid tokens of each right-padded sequence, None where all are full.
    `offset` is the position of the first token: 0 in `forward`, the tokens seen before in `extend`.
    `grid` is (height, width) where the N = height * width tokens lie on a grid, row by row.
    `memory` (B, M, D) is what a cross branch attends to, `memory_lengths` (B,) its valid tokens.
    """

    causal: bool = False
    lengths: Tensor | None = None
    offset: int = 0
    grid: tuple[int, int] | None = None
    memory: Tensor | None = None
    memory_lengths: Tensor | None = None

    def positions(self, length: int, device: torch.device) -> Tensor:
        """Positions (length,) of the tokens of this call."""
        return torch.arange(self.offset, self.offset + length, device=device)

    def valid(self, length: int) -> Tensor | None:
        """Which tokens are not padding, (B, length) bool, or None where all are valid."""
        if self.lengths is None:
            return None
        return torch.arange(length, device=self.lengths.device) < self.lengths[:, None]
