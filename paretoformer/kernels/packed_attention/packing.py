"""Right-padded sequences without their padding: where each valid token lies, there and back."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import torch
from torch import Tensor

from paretoformer.kernels.dispatch import shapes

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, eq=False)
class Packing:
    """How the valid tokens of B sequences, padded to S tokens each, lie one after another in M rows.

    Row `offsets[b] + i` is token i of sequence b, which stands at `places` b S + i of the padded tokens in one row.
    Source: ByteTransformer (paper 24), its prefix sum over the mask.
    """

    lengths: tuple[int, ...]
    """Valid tokens of each sequence, known on the host: M is a size."""
    padded: int
    """S."""
    offsets: Tensor
    """(B + 1,) int32, the sum of the lengths before each sequence."""
    places: Tensor
    """(M,) int64."""
    positions: Tensor
    """(M,) int64, i of each row."""
    _found: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, lengths: Tensor, padded: int) -> "Packing":
        """From lengths (B,) in 0 .. S, which are copied to the host.

        Raises:
            ValueError: there is no sequence, or lengths are no whole numbers from 0 to `padded`.
        """
        known = lengths.dtype in (torch.int32, torch.int64) and not lengths.is_meta
        if lengths.ndim != 1 or not lengths.numel() or not known:
            raise ValueError(
                f"a packing takes lengths (B,) of int32 or int64, at least one, got {shapes(lengths=lengths)}."
            )
        sizes = tuple(lengths.tolist())
        if not 0 <= min(sizes) <= max(sizes) <= padded:
            raise ValueError(f"lengths are 0 to {padded}, the tokens that sequences are padded to, got {list(sizes)}.")
        valid = torch.arange(padded, device=lengths.device) < lengths[:, None]
        places = valid.flatten().nonzero()[:, 0]
        offsets = torch.zeros(len(sizes) + 1, dtype=torch.int32, device=lengths.device)
        torch.cumsum(lengths, 0, dtype=torch.int32, out=offsets[1:])
        return cls(lengths=sizes, padded=padded, offsets=offsets, places=places, positions=places % max(padded, 1))

    @cached_property
    def tokens(self) -> int:
        """M."""
        return sum(self.lengths)

    @property
    def fill(self) -> float:
        """M / (B S), 1 where there is no padding."""
        return self.tokens / max(1, len(self.lengths) * self.padded)

    @property
    def valid(self) -> Tensor:
        """Which of the padded tokens are rows, (B, S) bool."""
        lengths = self.offsets.diff()
        return torch.arange(self.padded, device=lengths.device) < lengths[:, None]

    def pack(self, x: Tensor) -> Tensor:
        """x: (B, S, ...) -> (M, ...).

        Raises:
            ValueError: x has other sequences, or lies on another device.
        """
        self._check(x, (len(self.lengths), self.padded))
        return x.flatten(0, 1).index_select(0, self.places)

    def unpack(self, x: Tensor) -> Tensor:
        """x: (M, ...) -> (B, S, ...), zeros where there is padding.

        Raises:
            ValueError: x has another number of rows, or lies on another device.
        """
        self._check(x, (self.tokens,))
        rows = x.new_zeros(len(self.lengths) * self.padded, *x.shape[1:])
        return rows.index_copy_(0, self.places, x).unflatten(0, (len(self.lengths), self.padded))

    def tiles(self, size: int) -> Tensor:
        """(sequence, first token) of every stretch of `size` tokens of every sequence, (n, 2) int32."""
        return self.once(("tiles", size), lambda: self._tiles(size))

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made for the first call with this key."""
        if key not in self._found:
            self._found[key] = make()
        found: T = self._found[key]
        return found

    def _tiles(self, size: int) -> Tensor:
        listed = [(b, first) for b, length in enumerate(self.lengths) for first in range(0, length, size)]
        return torch.tensor(listed, dtype=torch.int32).reshape(-1, 2).to(self.offsets.device)

    def _check(self, x: Tensor, leading: tuple[int, ...]) -> None:
        if x.shape[: len(leading)] != leading or x.device != self.places.device:
            wanted = f"{', '.join(map(str, leading))}, ... on {self.places.device}"
            raise ValueError(f"a packing of lengths {list(self.lengths)} takes x ({wanted}), got {shapes(x=x)}.")
