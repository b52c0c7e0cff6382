"""How a sequence is cut over ranks: integers only, and the views of tensors that follow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor

from paretoformer.records.errors import UserError


class Order(StrEnum):
    """Which tokens a rank holds: the r-th part of P, or parts r and 2 P - 1 - r of 2 P, which share causal work evenly."""

    CONTIGUOUS = "contiguous"
    ZIGZAG = "zigzag"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Queries and keys of two shards that meet: query i sees key j where j <= i + `shift`, every key where it is None."""

    queries: slice
    keys: slice
    shift: int | None


@dataclass(frozen=True, kw_only=True)
class Shards:
    """A sequence over `ranks`, each of which holds one chunk or two of equal length."""

    ranks: int
    order: Order = Order.CONTIGUOUS

    @property
    def each(self) -> int:
        """Chunks of a rank."""
        return 2 if self.order is Order.ZIGZAG else 1

    def chunks(self, rank: int) -> tuple[int, ...]:
        """The places of a rank's chunks among all."""
        return (rank, 2 * self.ranks - 1 - rank) if self.order is Order.ZIGZAG else (rank,)

    def pairs(self, mine: int, theirs: int, length: int, causal: bool) -> Iterator[Pair]:
        """What queries of rank `mine` see of the keys of rank `theirs`, both of `length` tokens; nothing is left out."""
        if not causal:
            yield Pair(queries=slice(0, length), keys=slice(0, length), shift=None)
            return
        size = length // self.each
        for i, ours in enumerate(self.chunks(mine)):
            for j, other in enumerate(self.chunks(theirs)):
                if other <= ours:
                    queries, keys = slice(i * size, (i + 1) * size), slice(j * size, (j + 1) * size)
                    yield Pair(queries=queries, keys=keys, shift=0 if other == ours else None)

    def places(self, rank: int, length: int, device: torch.device | str = "cpu") -> Tensor:
        """Positions (length,) in the whole sequence of the tokens of a rank."""
        size = length // self.each
        return torch.cat([torch.arange(c * size, (c + 1) * size, device=device) for c in self.chunks(rank)])

    def take(self, whole: Tensor, rank: int, dim: int) -> Tensor:
        """The tokens of a rank, of a whole tensor whose axis `dim` is the sequence.

        Raises:
            UserError: the chunks do not divide the sequence.
        """
        count, length = self.ranks * self.each, whole.shape[dim]
        if length % count:
            raise UserError(
                f"{length} tokens of {tuple(whole.shape)} do not divide into {count} chunks for {self.ranks} ranks "
                f"({self.order}); pad them to {length + -length % count}."
            )
        parts = whole.chunk(count, dim) if length else (whole,) * count
        return torch.cat([parts[chunk] for chunk in self.chunks(rank)], dim)

    def joined(self, parts: Sequence[Tensor], dim: int) -> Tensor:
        """The whole tensor of all ranks' tokens."""
        halves = {
            chunk: half
            for rank, part in enumerate(parts)
            for chunk, half in zip(self.chunks(rank), part.tensor_split(self.each, dim), strict=True)
        }
        return torch.cat([halves[chunk] for chunk in sorted(halves)], dim)
