"""The queries of one rank on the keys of any rank."""

from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.kernels.distributed_attention.partial import Partial, attend, gradients
from paretoformer.kernels.distributed_attention.shards import Shards
from paretoformer.kernels.precision import widened


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What rank `rank` of `shards` sees of each other's keys."""

    shards: Shards
    rank: int
    causal: bool

    def add(self, partials: dict[int, Partial], q: Tensor, held: Tensor, source: int) -> None:
        """Merge what keys and values of rank `source`, held (2, B, Hkv, n, d), add to the partials, by their first query."""
        for pair in self.shards.pairs(self.rank, source, q.shape[2], self.causal):
            k, v = held[:, :, :, pair.keys]
            found = attend(q[:, :, pair.queries], k, v, pair.shift)
            before = partials.get(pair.queries.start)
            partials[pair.queries.start] = found if before is None else before.merged(found)

    def finish(self, partials: dict[int, Partial], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """(out (B, H, n, d), lse (B, H, n)) once the rank's own keys, which every query sees, are among the partials."""
        outs, sums = zip(*(partials[at].finished(dtype) for at in sorted(partials)), strict=True)
        return torch.cat(outs, 2), torch.cat(sums, 2)

    def gradients(
        self, q: Tensor, held: Tensor, source: int, finished: tuple[Tensor, Tensor], given: Tensor, dq: Tensor
    ) -> Tensor:
        """Add to dq what these keys have in it, and return their own gradient from this rank's queries, as held is."""
        out, lse = finished
        own = widened(torch.zeros_like(held))
        for pair in self.shards.pairs(self.rank, source, q.shape[2], self.causal):
            at, (k, v) = pair.queries, held[:, :, :, pair.keys]
            part = gradients(q[:, :, at], k, v, out[:, :, at], lse[:, :, at], given[:, :, at], pair.shift)
            dq[:, :, at] += part[0]
            own[0, :, :, pair.keys] += part[1]
            own[1, :, :, pair.keys] += part[2]
        return own
