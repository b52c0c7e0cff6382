"""What a module knows about its input beside the tensor itself."""

from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.kernels import Packing


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What cross branches read: tokens (B, M, D), of which `lengths` (B,) are valid, None where all are."""

    tokens: Tensor
    lengths: Tensor | None = None

    @property
    def valid(self) -> Tensor | None:
        """Which tokens are not padding, (B, M) bool, or None where all are valid."""
        return valid_tokens(self.lengths, self.tokens.shape[1])


@dataclass(frozen=True, kw_only=True)
class Context:
    """Facts of one call, shared by all blocks of a stack.

    `lengths` (B,) counts the valid tokens of each right-padded sequence, None where all are full.
    `offset` is the position of the first token: 0 in `forward`, the tokens seen before in `extend`.
    `block` tokens after each other see each other where `causal`, which else is token by token.
    `grid` is (height, width) where the N = height * width tokens lie on a grid, row by row.
    `memory` is what cross branches read.
    `packing` is there where sequences lie one after another without padding, (1, M, D): it tells them apart, and no
    lengths are given.
    """

    causal: bool = False
    lengths: Tensor | None = None
    offset: int = 0
    block: int = 1
    grid: tuple[int, int] | None = None
    memory: Memory | None = None
    packing: Packing | None = None

    def positions(self, length: int, device: torch.device) -> Tensor:
        """Positions (length,) of the tokens of this call, each in its own sequence."""
        if self.packing is not None:
            return self.packing.positions
        return torch.arange(self.offset, self.offset + length, device=device)

    @property
    def first(self) -> int | None:
        """The position of the first token where all others follow it one by one, None where they may not."""
        return None if self.packing is not None else self.offset

    def valid(self, length: int) -> Tensor | None:
        """Which tokens are not padding, (B, length) bool, or None where all are valid."""
        return valid_tokens(self.lengths, length)


def valid_tokens(lengths: Tensor | None, length: int) -> Tensor | None:
    """Which tokens of right-padded sequences are not padding, (B, length) bool, or None where all are valid."""
    return None if lengths is None else torch.arange(length, device=lengths.device) < lengths[:, None]
