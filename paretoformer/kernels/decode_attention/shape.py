"""The sizes that the decode kernels are compiled for."""

from dataclasses import dataclass
from math import e, log2
from typing import Any

import torch
from torch import Tensor

from paretoformer.kernels.launch import power_of_two

WIDEST_HEAD = 256
STAGES = 3
"""Tiles in flight, one of them in use."""
WARPS = 4
MERGED_NUMBERS = 16_384
"""Numbers of partials that a merge holds in registers at once."""


@dataclass(frozen=True, kw_only=True)
class DecodeShape:
    """What follows from the shapes of q (B, H, d) and k (B, Hkv, S, d)."""

    heads: int
    group: int
    width: int
    dtype: torch.dtype

    @classmethod
    def of(cls, q: Tensor, k: Tensor) -> "DecodeShape":
        """The sizes of these operands."""
        return cls(heads=k.shape[1], group=q.shape[1] // k.shape[1], width=q.shape[2], dtype=q.dtype)

    @property
    def block(self) -> int:
        """Columns of a tile."""
        return power_of_two(self.width, 16)

    @property
    def tile(self) -> int:
        """Keys of a tile: 16 KiB of keys, so that two programs of a processor have enough in flight to hide its memory."""
        return max(16, min(128, 16_384 // (self.block * self.dtype.itemsize)))

    def constants(self) -> dict[str, Any]:
        """The kernels' compile-time arguments that attending and merging share."""
        return {"HEADS": self.heads, "GROUP": self.group, "D": self.width, "BLOCK_D": self.block}

    def attending(self) -> dict[str, Any]:
        """Those of attending alone."""
        return {
            "M": power_of_two(self.group, 16),
            "TILE": self.tile,
            "STAGES": STAGES,
            "num_warps": WARPS,
            "PRECISION": "tf32x3" if self.dtype == torch.float32 else "ieee",
        }

    def pieces(self, members: int) -> int:
        """Partials that a merge of `members` query heads holds at once."""
        return max(2, min(128, MERGED_NUMBERS // (members * self.block)))

    @property
    def scale(self) -> float:
        """1 / sqrt(d) for powers of two instead of e."""
        return log2(e) / self.width**0.5
