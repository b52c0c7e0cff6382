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

    def start(self, q: Tensor) -> list[Partial]:
        """Partials of the rank's chunks of queries, or of all at once where nothing is masked."""
        return [Partial.empty(part) for part in q.tensor_split(self._parts, 2)]

    def add(self, partials: list[Partial], q: Tensor, held: Tensor, source: int) -> None:
        """Merge what the keys and values of rank `source`, held (2, B, Hkv, n, d), add to the partials."""
        length = q.shape[2]
        for pair in self.shards.pairs(self.rank, source, length, self.causal):
            part = pair.queries.start * self._parts // max(1, length)
            k, v = held[:, :, :, pair.keys]
            partials[part] = partials[part].merged(attend(q[:, :, pair.queries], k, v, pair.shift))

    def finish(self, partials: list[Partial], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """(out (B, H, n, d), lse (B, H, n))."""
        outs, sums = zip(*(partial.finished(dtype) for partial in partials), strict=True)
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

    @property
    def _parts(self) -> int:
        return self.shards.each if self.causal else 1
