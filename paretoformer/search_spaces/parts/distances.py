"""Distances between tokens along a sequence or the two axes of a grid, and buckets of distances."""

from collections.abc import Iterator

import torch
from torch import Tensor

from paretoformer.search_spaces.contract.capabilities import Capability
from paretoformer.search_spaces.contract.config import ChoiceConfig, those_with
from paretoformer.search_spaces.contract.position import PositionConfig
from paretoformer.search_spaces.contract.site import Site


def coordinates(positions: Tensor, grid: tuple[int, int] | None) -> tuple[Tensor, ...]:
    """The positions themselves, or rows and columns of those that lie row by row on a grid; each (N,)."""
    return (positions,) if grid is None else (positions // grid[1], positions % grid[1])


def distances(queries: Tensor, keys: Tensor, grid: tuple[int, int] | None) -> tuple[Tensor, ...]:
    """Key minus query along each axis, (T, S) each, of positions (T,) and (S,)."""
    pairs = zip(coordinates(queries, grid), coordinates(keys, grid), strict=True)
    return tuple(key - query[:, None] for query, key in pairs)


def bucket_starts(buckets: int, farthest: int) -> list[int]:
    """The least distance of each bucket but the first.

    Half of the buckets hold one distance each; the others widen geometrically, and the last begins at `farthest` or
    earlier. Source: Raffel et al. 2020, section 2.1 and their code.
    """
    exact = max(1, buckets // 2)
    wider = buckets - exact
    steps = (exact * (farthest / exact) ** (step / wider) for step in range(wider))
    return [*range(1, exact), *(_ceiling(step) for step in steps)]


def bucketed(distance: Tensor, starts: Tensor, *, one_sided: bool) -> Tensor:
    """The bucket of each distance (T, S), key minus query.

    With `one_sided` keys after the query count as at distance 0; else they have as many buckets of their own.
    """
    if one_sided:
        return torch.bucketize((-distance).clamp_min(0), starts, right=True)
    return torch.bucketize(distance.abs(), starts, right=True) + (distance > 0) * (len(starts) + 1)


def bucket_problems(config: ChoiceConfig, site: Site, buckets: int, farthest: int) -> Iterator[str]:
    """Sentences that say why `site` cannot have so many buckets up to `farthest`."""
    name, side = config.choice.name, buckets if site.causal else buckets // 2
    if not site.causal and buckets % 2:
        yield f"position {name} halves its buckets in a bidirectional stack, and there are {buckets}; use an even number"
    elif farthest <= (apart := max(1, side // 2)):
        yield (
            f"position {name} tells {apart} distances apart before buckets widen, and farthest is {farthest}; "
            f"use at least {apart + 1}"
        )


def axes_problems(config: ChoiceConfig, site: Site, *, grid: bool) -> Iterator[str]:
    """A form with two axes needs a grid."""
    if grid and site.grid is None:
        yield f"position {config.choice.name} with grid=true needs a grid, and this stack has {site}; set grid to false"


def pair_problems(config: ChoiceConfig, site: Site) -> Iterator[str]:
    """What acts on pairs of tokens of one sequence has nothing to say between two."""
    if site.memory is not None and site.memory.placed:
        name, others = config.choice.name, those_with(PositionConfig, Capability.SCORE_BIAS, has=False)
        yield f"position {name} acts between tokens of one sequence, and cross branches here read a memory with positions; {others}"


def _ceiling(value: float) -> int:
    """The least whole number from `value` on, where rounding has not put it just above one."""
    return -int(-(value - 1e-9) // 1)
