"""Reformer's attention: tokens read those that a random rotation hashes to the same bucket."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, prod
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, pad

from paretoformer.search_spaces.contract import Capability, Context, Mixer, MixerConfig, Site
from paretoformer.search_spaces.contract.attention import divisors
from paretoformer.search_spaces.registry import register

ALONE = -1e5
"""A token's score for itself: so low that it reads itself only where it sees nothing else."""


@register("mixer", "lsh", papers=(15, 20), capabilities=(Capability.BIDIRECTIONAL, Capability.DATA_COST))
@dataclass(frozen=True, kw_only=True)
class LshConfig(MixerConfig):
    """Softmax attention with shared queries and keys, k = q / |q|, among tokens of one bucket, in `hashes` rounds.

    A round hashes q to the largest of [q R, -q R], R random; sorts tokens by bucket and position; cuts them in chunks of
    `chunk`; and lets each read its own and the previous chunk, where the bucket is the same or anywhere if `across`. Rounds
    are weighted by their sums of exponentials; a pair that shares r rounds counts 1 / r in each, or fully in each if
    `duplicates` is counted. `buckets` None gives twice as many as the longest input has chunks, or a few more: beyond
    2 `chunk` of them a bucket is a pair of two hashes, so that hashing costs N sqrt(N) at most. `scale` none leaves out the
    division of scores by sqrt(d), as the authors' code does.
    Rotations are drawn when the module is built and kept with the weights, where the authors draw them anew each time; nor
    does the first chunk read the last.
    Cost: 3 N D^2 + hashes N D (buckets / 2 + 4 chunk) MACs (sqrt(buckets) where a bucket is a pair) and hashes sorts.
    Source: Kitaev et al. 2020 (Reformer), section 2 and eq. 3-6, chunk as in their models (papers 15, 20).
    """

    heads: int = 4
    chunk: int = 64
    hashes: int = 4
    buckets: int | None = None
    across: bool = False
    duplicates: Literal["divided", "counted"] = "divided"
    scale: Literal["root", "none"] = "root"
    bias: bool = True

    def problems(self, site: Site) -> Iterator[str]:
        """Heads divide the width, a chunk lies inside the sequence, and buckets come in pairs of a direction's two ends."""
        yield from super().problems(site)
        if site.width % self.heads:
            that_do = divisors(site.width, self.heads)
            yield f"mixer lsh has {self.heads} heads, and they do not divide the width {site.width}; heads that do: {that_do}"
        if self.chunk > site.length:
            yield f"mixer lsh has chunks of {self.chunk} tokens, and {site} has {site.length} in all; use at most {site.length}"
        if self.buckets is not None and self.buckets % 2:
            yield f"mixer lsh has {self.buckets} buckets, and each direction has two ends; use an even number"

    def factors(self, site: Site) -> tuple[int, ...]:
        """Values of each hash of a round, whose product is the number of buckets."""
        wanted = self.buckets or 2 * -(-site.length // self.chunk)
        if self.buckets or wanted <= 2 * self.chunk:
            return (wanted,)
        first = 2 * ceil(wanted**0.5 / 2)
        return first, 2 * ceil(wanted / first / 2)

    def build(self, site: Site) -> "Lsh":
        """The attention for `site`."""
        return Lsh(self, site)

    def parameters(self, site: Site) -> int:
        """Three projections; rotations are no parameters."""
        return 3 * site.width * (site.width + self.bias)

    def macs(self, site: Site, length: int) -> int:
        """Projections, hashes, and scores and weighted sums of whole chunks."""
        size = min(self.chunk, length)
        chunks = -(-length // size)
        hashed = length * self.hashes * (sum(self.factors(site)) // 2)
        pairs = self.hashes * chunks * size**2 * (1 if chunks == 1 else 2)
        return 3 * length * site.width**2 + (hashed + 2 * pairs) * site.width


class Lsh(Mixer):
    """The module of `LshConfig`."""

    rotations: Tensor

    def __init__(self, config: LshConfig, site: Site) -> None:
        super().__init__()
        self.config, self.heads = config, config.heads
        head = site.width // config.heads
        self.qk = nn.Linear(site.width, site.width, bias=config.bias)
        self.value = nn.Linear(site.width, site.width, bias=config.bias)
        self.out = nn.Linear(site.width, site.width, bias=config.bias)
        self.directions = [values // 2 for values in config.factors(site)]
        self.padded = prod(config.factors(site))  # the bucket of padding, after all others
        self.register_buffer("rotations", torch.randn(config.heads, config.hashes, head, sum(self.directions)))

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        length = x.shape[1]
        size = min(self.config.chunk, length)
        q, v = (self._split(part(x)) for part in (self.qk, self.value))
        buckets = pad(self.buckets(q.detach(), context), (0, -length % size), value=self.padded)
        q, v = (pad(part, (0, 0, 0, -length % size)) for part in (q, v))
        orders = buckets.argsort(stable=True)  # (B, H, R, N): places in a sorted sequence -> tokens
        places = orders.argsort(-1)
        codes = places // size  # tokens meet whose codes differ by 0 or 1
        if not self.config.across:
            codes = codes + buckets * (length + size)
        rounds = [
            self._round(q, v, buckets[:, :, r], (orders[:, :, r], places[:, :, r], codes))
            for r in range(self.config.hashes)
        ]
        y, sums = (torch.stack(parts, 2) for parts in zip(*rounds, strict=True))
        y = (sums.softmax(2)[..., None].to(y.dtype) * y).sum(2)[:, :, :length]
        mixed: Tensor = self.out(y.transpose(1, 2).flatten(2))
        return mixed

    def buckets(self, q: Tensor, context: Context) -> Tensor:
        """Queries (B, H, N, d) -> their buckets in each round, (B, H, hashes, N); padding has one after all others."""
        turned = (q[:, :, None] @ self.rotations).split(self.directions, -1)
        found, *others = (torch.cat((part, -part), -1).argmax(-1) for part in turned)
        for part, count in zip(others, self.directions[1:], strict=True):
            found = found * (2 * count) + part
        valid = context.valid(q.shape[2])
        return found if valid is None else found.masked_fill(~valid[:, None, None], self.padded)

    def _round(
        self, q: Tensor, v: Tensor, buckets: Tensor, sorting: tuple[Tensor, Tensor, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """What a round gives queries and values (B, H, N, d), and the logarithm of its sum of exponentials, (B, H, N).

        One round at a time, since scores of all rounds leave the processor's cache.
        """
        order, place, codes = sorting
        size = min(self.config.chunk, q.shape[2])
        wide = torch.promote_types(q.dtype, torch.float32)
        chunked_q, chunked_v = (_sorted(part, order, size) for part in (q, v))  # (B, H, n, size, d)
        keys, values = (_with_previous(part) for part in (normalize(chunked_q, dim=-1), chunked_v))
        scores = (chunked_q @ keys.mT).to(wide)
        if self.config.scale == "root":
            scores = scores / q.shape[-1] ** 0.5
        if self.config.duplicates == "divided" and codes.shape[2] > 1:
            scores = scores - _times(codes, order, size).to(wide).log()
        hashed = _sorted(buckets.int()[..., None], order, size)
        scores = scores.masked_fill(~self._met(hashed, _with_previous(hashed, -1).mT), torch.finfo(wide).min)
        tokens = order.int()[..., None].unflatten(2, (-1, size))
        scores = scores.masked_fill(tokens == _with_previous(tokens, -1).mT, ALONE)
        most = scores.detach().amax(-1, keepdim=True)
        weights = (scores - most).exp()
        total = weights.sum(-1, keepdim=True)
        y = (weights.to(v.dtype) @ values / total.to(v.dtype)).flatten(2, 3)
        sums = (most + total.log()).flatten(2)
        return y.gather(2, place[..., None].expand_as(y)), sums.gather(2, place)

    def _met(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Whether tokens in these buckets may see each other."""
        if self.config.across:
            return (keys >= 0) & (keys < self.padded)
        return queries == keys

    def _split(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, H, N, d)."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


def _times(codes: Tensor, order: Tensor, size: int) -> Tensor:
    """In how many rounds (B, H, R, N) the pairs of one round's chunks meet, 1 at least, (B, H, n, size, 2 size)."""
    times = torch.zeros((), dtype=torch.int8, device=order.device)
    for code in codes.int().unbind(2):
        at = _sorted(code[..., None], order, size)
        back = at - _with_previous(at, -2).mT
        times = times + ((back == 0) | (back == 1))
    return times.clamp_min(1)


def _sorted(x: Tensor, order: Tensor, size: int) -> Tensor:
    """(B, H, N, d) in the order (B, H, N), in chunks: (B, H, n, size, d)."""
    return x.gather(2, order[..., None].expand_as(x)).unflatten(2, (-1, size))


def _with_previous(x: Tensor, missing: int = 0) -> Tensor:
    """Chunks (B, H, n, size, d) with the one before behind each, `missing` before the first; one alone stays so."""
    if x.shape[2] == 1:
        return x
    return torch.cat((x, pad(x, (0, 0, 0, 0, 1, 0), value=missing)[:, :, :-1]), 3)
