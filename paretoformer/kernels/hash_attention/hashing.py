"""Hash functions learned from which tokens are most and least alike: kernel-based supervised hashing, bit by bit.

A code is the sign of a learned combination of a token's similarities to anchors. Codes of l most alike pairs of each
token should agree (S = 1), those of l least alike pairs differ (S = -1), others may do either (S = 0): bits are learned
one after the other to enlarge y^T R y, R = b S less what earlier bits explain. S has 2 l entries a row and R is never
made, so memory stays linear in length.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

STEPS, RATE, MOMENTUM = 100, 5e-4, 0.9
"""Of Nesterov's gradient descent for each bit (EcoFormer's code)."""
ROWS = 256
"""Tokens whose scores with all others are held at once."""


def similarities(units: Tensor, anchors: Tensor) -> Tensor:
    """Squared distances (B, H, N, m) of units (B, H, N, d) to anchors (H, m, d)."""
    own = units.square().sum(-1, keepdim=True) + anchors.square().sum(-1)[:, None]
    return (own - 2 * (units @ anchors.mT)).clamp_min(0)


def signs(x: Tensor) -> Tensor:
    """-1 where x is below 0, else 1."""
    return torch.where(x < 0, -1.0, 1.0).to(x.dtype)


def pick_anchors(units: Tensor, valid: Tensor | None, count: int) -> Tensor:
    """Anchors (H, count, d): tokens of the longest sequence at random places, the same for all heads.

    Places come from torch's global generator; a sequence of fewer than `count` tokens gives some of them again.
    """
    sample, size = 0, units.shape[2]
    if valid is not None:
        sizes = valid.sum(1)
        sample = int(sizes.argmax())
        size = max(int(sizes[sample]), 1)
    places = torch.randperm(size)[torch.arange(count) % size]
    return units[sample][:, places.to(units.device)]


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """S: for each token the tokens (B, H, N, l) most and least alike, and their entries (1, -1, or 0 where overruled)."""

    places: Tensor
    entries: Tensor

    @classmethod
    def of(cls, units: Tensor, valid: Tensor | None, top: int) -> "Pairs":
        """Pairs of units (B, H, N, d) by their products; a pair that is among both is taken for unlike."""
        length = units.shape[2]
        kept = units.new_ones(units.shape[0], length) if valid is None else valid.to(units.dtype)
        hidden = (kept == 0)[:, None, None]
        high, low = [], []
        for rows in units.split(ROWS, 2):
            scores = rows @ units.mT
            high.append(scores.masked_fill(hidden, -torch.inf).topk(min(top, length), -1).indices)
            low.append(scores.masked_fill(hidden, torch.inf).topk(min(top, length), -1, largest=False).indices)
        alike, unlike = torch.cat(high, 2), torch.cat(low, 2)
        overruled = (alike[..., None] == unlike[..., None, :]).any(-1)
        places = torch.cat((alike, unlike), -1)
        entries = torch.cat(((~overruled).to(units.dtype), -torch.ones_like(unlike, dtype=units.dtype)), -1)
        there = kept[:, None, :, None] * _gathered(kept[:, None].expand(units.shape[:3]), places)
        return cls(places=places, entries=entries * there)

    def times(self, s: Tensor) -> Tensor:
        """S s, (B, H, N)."""
        return (self.entries * _gathered(s, self.places)).sum(-1)

    def transposed_times(self, s: Tensor) -> Tensor:
        """S^T s, (B, H, N)."""
        return torch.zeros_like(s).scatter_add(2, self.places.flatten(2), (self.entries * s[..., None]).flatten(2))


@torch.no_grad()
def learn_bits(centred: Tensor, pairs: Pairs, valid: Tensor | None, first: Tensor) -> Tensor:
    """Combinations (H, b, m) of centred similarities (B, H, N, m), starting from `first`.

    Each bit is learned on a smooth sign, tanh(y / 2), and kept where it betters the loss of hard signs over all heads and
    sequences; else it stays as it was.
    """
    bits = first.shape[1]
    kept = (
        centred.new_ones(centred.shape[0], 1, centred.shape[2]) if valid is None else valid[:, None].to(centred.dtype)
    )
    centred = centred * kept[..., None]
    share = 1 / (kept.sum(-1).clamp_min(1) * bits * centred.shape[0] * centred.shape[1])  # (B, 1)
    learned, codes = first.clone(), centred.new_zeros(*centred.shape[:2], bits, centred.shape[2])

    def loss(row: Tensor) -> Tensor:
        y = signs(_combined(centred, row)) * kept
        explained = (codes @ y[..., None]).square().sum((-2, -1))
        return -(share * (bits * (y * pairs.times(y)).sum(-1) - explained)).sum()

    for bit in range(bits):
        row, speed = learned[:, bit].clone(), torch.zeros_like(learned[:, bit])
        earlier = codes[:, :, :bit]
        for _ in range(STEPS):
            s = (_combined(centred, row) / 2).tanh()
            pull = bits * (pairs.times(s) + pairs.transposed_times(s))
            pull = pull - 2 * (earlier.mT @ (earlier @ s[..., None]))[..., 0]
            inner = -share[..., None] * pull * (1 - s * s) / 2
            slope = (inner[..., None, :] @ centred)[..., 0, :].sum(0)
            speed = MOMENTUM * speed + slope
            row = row - RATE * (slope + MOMENTUM * speed)
        if loss(row) < loss(learned[:, bit]):
            learned[:, bit] = row
        codes[:, :, bit] = signs(_combined(centred, learned[:, bit])) * kept
    return learned


def _combined(centred: Tensor, row: Tensor) -> Tensor:
    """centred: (B, H, N, m), row: (H, m) -> (B, H, N)."""
    return (centred @ row[..., None])[..., 0]


def _gathered(s: Tensor, places: Tensor) -> Tensor:
    """s: (B, H, N) at places (B, H, N, l)."""
    return s.gather(2, places.flatten(2)).unflatten(2, places.shape[2:])
