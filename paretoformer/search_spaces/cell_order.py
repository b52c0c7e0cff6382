"""The cells of a layout, each after those that decide whether it is active."""

import heapq

from paretoformer.records.errors import UserError
from paretoformer.search_spaces.binding import COUNT_NAMES, bind
from paretoformer.search_spaces.cells import Cell, Gene, Tie, Use, When
from paretoformer.search_spaces.layout import Filled, Layout
from paretoformer.search_spaces.slots import DEFAULT_CHOICES


def ordered_cells(layout: Layout) -> tuple[Cell, ...]:
    """Every cell; where nothing else decides, stack by stack and layer by layer whatever the file's order.

    Raises:
        UserError: conditions that wait for each other, or that name a count.
    """
    genes: dict[str, Gene] = {}
    uses: dict[str, dict[Use, set[str | None]]] = {}
    for filled in layout.filled:
        use = _use(layout, filled)
        if use is not None:
            genes.setdefault(filled.key, _gene(filled))
            uses.setdefault(filled.key, {}).setdefault(use, set()).add(filled.place.topology)
    cells = [
        Cell(
            gene=gene,
            uses=tuple(_within(layout, use, topologies) for use, topologies in uses[key].items()),
            when=_when(layout, gene),
            tie=_tie(layout, gene),
        )
        for key, gene in genes.items()
    ]
    return _sorted(cells, layout.where)


def _gene(filled: Filled) -> Gene:
    dimension = filled.dimension
    return Gene(
        key=filled.key,
        address=dimension.address,
        domain=dimension.domain,
        stack=None if dimension.per == "model" else filled.place.stack,
        layer=filled.layer if dimension.per == "layer" else None,
    )


def _use(layout: Layout, filled: Filled) -> Use | None:
    """What has to hold for the place to exist beside the topology; None where it never does."""
    place, layer, layered = filled.place, filled.layer, filled.dimension.per == "layer"
    owner: str | None = None
    default: str | None = None
    holders: frozenset[str] = frozenset()
    if place.owner is not None and place.holders != frozenset(layout.options(place.stack, place.owner)):
        chooser = layout.governor(place.stack, place.owner.path)
        assert chooser is not None, "a default that is the only option holds every field that there is"
        owner, default, holders = (
            chooser.key(place.stack, layer),
            DEFAULT_CHOICES.get(place.owner.kind or ""),
            place.holders,
        )
        layered = layered or chooser.per == "layer"
    if layered and layer is not None and place.stack is not None:
        deep, least, _ = layout.depths(place.stack)
        if layer >= least:
            depth = deep.key(place.stack, None)
            return Use(depth=depth, layer=layer, owner=owner, default=default, holders=holders)
    return Use(owner=owner, default=default, holders=holders)


def _within(layout: Layout, use: Use, topologies: set[str | None]) -> Use:
    if None in topologies or len(topologies) == len(layout.topologies):
        return use
    names = frozenset(name for name in topologies if name is not None)
    return Use(names, use.depth, use.layer, use.owner, use.default, use.holders)


def _when(layout: Layout, gene: Gene) -> When | None:
    rule = layout.dimensions[gene.address].when
    if rule is None:
        return None
    where = f"{layout.where}: {gene.address}"
    if counted := [name for name in rule.names if name in COUNT_NAMES]:
        raise UserError(f"{where}: when cannot name {counted[0]}, a count of the finished model; make it a rule.")
    return When(rule.condition, bind(layout, rule.names, where, gene.stack, gene.layer))


def _tie(layout: Layout, gene: Gene) -> Tie | None:
    address = layout.dimensions[gene.address].partner
    if address is None:
        return None
    partner = layout.dimensions[address]
    return Tie(partner.key(partner.stack, None), dict(zip(partner.domain.values(), gene.domain.values(), strict=True)))


def _sorted(cells: list[Cell], where: str) -> tuple[Cell, ...]:
    at = {cell.gene.key: index for index, cell in enumerate(cells)}
    waiting = [{at[key] for key in cell.needs() if key in at} for cell in cells]
    followers: dict[int, list[int]] = {}
    for index, needed in enumerate(waiting):
        for need in needed:
            followers.setdefault(need, []).append(index)
    ready = [index for index, needed in enumerate(waiting) if not needed]
    ordered: list[Cell] = []
    while ready:
        index = heapq.heappop(ready)
        ordered.append(cells[index])
        for follower in followers.get(index, ()):
            waiting[follower].discard(index)
            if not waiting[follower]:
                heapq.heappush(ready, follower)
    if len(ordered) < len(cells):
        stuck = dict.fromkeys(cell.gene.address for cell, needed in zip(cells, waiting, strict=True) if needed)
        raise UserError(f"{where}: the conditions of {', '.join(stuck)} wait for each other.")
    return tuple(ordered)
