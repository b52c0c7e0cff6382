"""Views of a scene brought into one world from what pairs of them tell."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.evaluators.geometry.cameras import Cameras
from paretoformer.evaluators.geometry.chaining import chained
from paretoformer.evaluators.geometry.layout import Layout, energy
from paretoformer.evaluators.geometry.similarity import Similarity
from paretoformer.evaluators.geometry.view_pairs import ViewPairs

STEPS = 300
RATE = 0.01
"""Adam's learning rate at first; it falls to nothing by a cosine. Both are paper 12's."""

_STIFFNESS = 20
"""How many times less than other logarithms that of a focal length moves, as in paper 12's code: depths can make up for it."""


def aligned(pairs: ViewPairs, *, steps: int = STEPS, rate: float = RATE) -> Layout:
    """The layout of the least energy among the chained one and all that Adam's steps lead to from there.

    All poses, focal lengths, depths and scales are free, but for the product of the pairs' scales, which is 1: else all
    could shrink to a point. Source: paper 12, section 3.4.
    """
    start = chained(pairs)
    moves = _Moves.none(start)
    for each in moves.all():
        each.requires_grad_()
    optimiser = torch.optim.Adam(moves.all(), lr=rate, betas=(0.9, 0.9))
    left = energy(moves.of(start), pairs)
    best, least = start, float(energy(start, pairs))
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = rate * (1 + math.cos(math.pi * step / steps)) / 2
        optimiser.zero_grad()
        left.backward()
        optimiser.step()
        left = energy(moves.of(start), pairs)
        if float(left.detach()) < least:
            with torch.no_grad():
                best, least = moves.of(start), float(left.detach())
    return best


@dataclass(frozen=True, kw_only=True)
class _Moves:
    """What is added to a layout: turns as vectors along their axes, lengths as logarithms."""

    turn: Tensor
    shift: Tensor
    focal: Tensor
    depth: Tensor
    pair_turn: Tensor
    pair_shift: Tensor
    pair_scale: Tensor

    @staticmethod
    def none(layout: Layout) -> "_Moves":
        into = layout.into_world
        return _Moves(
            turn=torch.zeros_like(layout.cameras.position),
            shift=torch.zeros_like(layout.cameras.position),
            focal=torch.zeros_like(layout.focal),
            depth=torch.zeros_like(layout.depth),
            pair_turn=torch.zeros_like(into.shift),
            pair_shift=torch.zeros_like(into.shift),
            pair_scale=torch.zeros_like(into.scale),
        )

    def all(self) -> list[Tensor]:
        return list(vars(self).values())

    def of(self, layout: Layout) -> Layout:
        cameras, into = layout.cameras, layout.into_world
        moved = Layout(
            cameras=Cameras(
                rotation=torch.linalg.matrix_exp(_across(self.turn)) @ cameras.rotation,
                position=cameras.position + self.shift,
            ),
            focal=layout.focal * (self.focal / _STIFFNESS).exp(),
            depth=layout.depth * self.depth.exp(),
            into_world=Similarity(
                scale=into.scale * self.pair_scale.exp(),
                rotation=torch.linalg.matrix_exp(_across(self.pair_turn)) @ into.rotation,
                shift=into.shift + self.pair_shift,
            ),
        )
        return moved.rescaled()


def _across(axis: Tensor) -> Tensor:
    """The matrices (..., 3, 3) that give the cross product with `axis`, (..., 3)."""
    x, y, z = axis.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.stack((zero, -z, y, z, zero, -x, -y, x, zero), -1).unflatten(-1, (3, 3))
