"""The layout of a space: which dimension fills which slot, and the cells that follow."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property

from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.search_spaces import registry
from paretoformer.search_spaces.cells import TOPOLOGY, Binding, Cell, Gene, Use, When
from paretoformer.search_spaces.contract import StackRole, TopologyConfig
from paretoformer.search_spaces.counts import Counts
from paretoformer.search_spaces.dimension import Dimension
from paretoformer.search_spaces.slots import (
    DEFAULT_CHOICES,
    OF_BRANCHES,
    OF_MODELS,
    Slot,
    candidates,
    stack_slots,
)

COUNT_NAMES = tuple(item.name for item in fields(Counts))
"""Counts that a rule may name."""


@dataclass(frozen=True)
class Place:
    """A slot in a stack of a topology (None: in every model)."""

    topology: str | None
    stack: str | None
    slot: Slot
    owner: Slot | None = None
    holders: frozenset[str] = frozenset()


class Layout:
    """Dimensions laid over the slots of every topology that the space may choose."""

    def __init__(self, dimensions: Iterable[Dimension], where: str) -> None:
        self.where = where
        self.dimensions = {dimension.address: dimension for dimension in dimensions}
        self.topologies = tuple(str(name) for name in self.dimensions[TOPOLOGY].domain.values())
        self.roles = {name: roles_of(name) for name in self.topologies}
        self.stacks = tuple(dict.fromkeys(stack for roles in self.roles.values() for stack in roles))

    def governor(self, stack: str | None, path: str) -> Dimension | None:
        """The dimension that fills a slot, None where a default does."""
        return next((self.dimensions[a] for a in candidates(stack, path) if a in self.dimensions), None)

    def depth(self, stack: str) -> int:
        """Most layers of a stack.

        Raises:
            UserError: the space does not say.
        """
        dimension = self.governor(stack, "depth")
        if dimension is None:
            raise UserError(f"{self.where}: {stack}.depth is missing; every stack needs depth, width and mixer.")
        return max(int(value) for value in dimension.domain.values())

    def options(self, stack: str | None, slot: Slot) -> tuple[str, ...]:
        """Names that may fill a slot of choices."""
        dimension, default = self.governor(stack, slot.path), DEFAULT_CHOICES.get(slot.kind or "")
        given = () if dimension is None else tuple(str(name) for name in dimension.domain.values())
        defaulted = default is not None and (dimension is None or dimension.when is not None)
        return (*given, default) if defaulted and default is not None and default not in given else given

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every slot once for each topology, in the order in which an architecture is read."""
        found = [Place(None, None, slot) for slot in _MODEL_SLOTS]
        for topology, roles in self.roles.items():
            found += [Place(topology, s, slot) for s, role in roles.items() for slot in stack_slots(role)]
        return tuple(each for place in found for each in (place, *self._field_places(place)))

    @cached_property
    def keys(self) -> dict[tuple[str | None, int | None, str], str]:
        """Cell key by (stack, layer, path); slots left to defaults are not there."""
        return {
            (place.stack, layer, place.slot.path): dimension.key(place.stack, layer)
            for place, layer, dimension in self._filled()
        }

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell after those it depends on, otherwise stack by stack and layer by layer.

        Raises:
            UserError: conditions that wait for each other.
        """
        genes: dict[str, Gene] = {}
        uses: dict[str, dict[Use, set[str | None]]] = {}
        for place, layer, dimension in self._filled():
            use = self._use(place, layer, dimension)
            if use is None:
                continue
            key = dimension.key(place.stack, layer)
            stack = None if dimension.per == "model" else place.stack
            at = layer if dimension.per == "layer" else None
            genes.setdefault(
                key, Gene(key=key, address=dimension.address, domain=dimension.domain, stack=stack, layer=at)
            )
            uses.setdefault(key, {}).setdefault(use, set()).add(place.topology)
        cells = [
            Cell(
                gene=gene,
                uses=tuple(self._among(use, topologies) for use, topologies in uses[key].items()),
                when=self._when(gene),
            )
            for key, gene in genes.items()
        ]
        return self._ordered(cells)

    def bind(
        self, names: Iterable[str], where: str, stack: str | None = None, layer: int | None = None
    ) -> list[Binding]:
        """Cells that names mean, once for each stack where a name has no stack, and for each layer where it has many.

        Raises:
            UserError: a name that is no dimension of the space.
        """
        names = tuple(names)
        shared = [name for name in names if name.split(".")[0] not in (*self.stacks, *OF_MODELS)]
        for name in names:
            if not any(self._named(name, each) for each in (stack, *self.stacks)):
                raise UserError(
                    f"{where}: '{name}' is not a name here; names: {', '.join((*self.dimensions, *COUNT_NAMES))}."
                )
        found: list[Binding] = []
        for each in self.stacks if shared and stack is None else (stack,):
            named = {name: self._named(name, each) for name in names}
            meant = {name: dimension for name, dimension in named.items() if dimension is not None}
            if len(meant) == len(named):
                found += self._bound(meant, each if shared and stack is None else None, each, layer)
        return found

    def _bound(
        self, meant: dict[str, Dimension], shown: str | None, stack: str | None, layer: int | None
    ) -> Iterator[Binding]:
        owners = {name: self._stack_of(name) or stack for name in meant}
        layered = [owners[name] for name, dimension in meant.items() if dimension.per == "layer"]
        layers: Iterable[int | None] = (layer,)
        if layered and layer is None:
            layers = range(max(self.depth(owner) for owner in layered if owner is not None))
        for at in layers:
            keys = {name: dimension.key(owners[name], at) for name, dimension in meant.items()}
            yield Binding(shown, at if layered else None, keys)

    def _named(self, name: str, stack: str | None) -> Dimension | None:
        own = self._stack_of(name)
        if own is not None:
            return self.governor(own, name.partition(".")[2])
        return self.governor(None if name.split(".")[0] in OF_MODELS else stack, name)

    def _stack_of(self, name: str) -> str | None:
        first = name.split(".")[0]
        return first if first in self.stacks else None

    def _field_places(self, place: Place) -> Iterator[Place]:
        slot = place.slot
        if slot.kind is None:
            return
        options = self.options(place.stack, slot)
        having: dict[str, list[str]] = {}
        for name in options:
            for field in registry.choice(slot.kind, name).fields:
                having.setdefault(field, []).append(name)
        for field, names in having.items():
            if field not in OF_BRANCHES or not slot.layered:
                inner = Slot(path=f"{slot.path}.{field}", layered=slot.layered)
                yield Place(place.topology, place.stack, inner, slot, frozenset(names))

    def _filled(self) -> Iterator[tuple[Place, int | None, Dimension]]:
        for (_, stack), places in _grouped(self.places, lambda place: (place.topology, place.stack)):
            for layer in (None, *range(self.depth(stack) if stack else 0)):
                for place in places:
                    dimension = self.governor(place.stack, place.slot.path)
                    if dimension is not None and place.slot.layered == (layer is not None):
                        yield place, layer, dimension

    def _use(self, place: Place, layer: int | None, dimension: Dimension) -> Use | None:
        owner = None
        default: str | None = None
        layered = dimension.per == "layer"
        if place.owner is not None and place.holders != frozenset(self.options(place.stack, place.owner)):
            chooser = self.governor(place.stack, place.owner.path)
            default = DEFAULT_CHOICES.get(place.owner.kind or "")
            if chooser is None:
                return None
            owner = chooser.key(place.stack, layer)
            layered = layered or chooser.per == "layer"
        holders = place.holders if owner else frozenset()
        if not layered or not layer:
            return Use(owner=owner, default=default, holders=holders)
        deep = self.governor(place.stack, "depth")
        assert deep is not None and place.stack is not None
        least = min(int(value) for value in deep.domain.values())
        depth = deep.key(place.stack, None) if layer >= least else None
        return Use(depth=depth, layer=layer if depth else 0, owner=owner, default=default, holders=holders)

    def _among(self, use: Use, topologies: set[str | None]) -> Use:
        if None in topologies or len(topologies) == len(self.topologies):
            return use
        names = frozenset(name for name in topologies if name is not None)
        return Use(names, use.depth, use.layer, use.owner, use.default, use.holders)

    def _when(self, gene: Gene) -> When | None:
        rule = self.dimensions[gene.address].when
        if rule is None:
            return None
        where = f"{self.where}: {gene.address}"
        if counted := [name for name in rule.names if name in COUNT_NAMES]:
            raise UserError(f"{where}: when cannot name {counted[0]}, a count of the finished model; make it a rule.")
        return When(rule.condition, tuple(self.bind(rule.names, where, gene.stack, gene.layer)))

    def _ordered(self, cells: list[Cell]) -> tuple[Cell, ...]:
        at = {cell.gene.key: index for index, cell in enumerate(cells)}
        waiting = [{at[key] for key in cell.needs() if key in at} for cell in cells]
        followers: dict[int, list[int]] = {}
        for index, needs in enumerate(waiting):
            for need in needs:
                followers.setdefault(need, []).append(index)
        ready = [index for index, needs in enumerate(waiting) if not needs]
        ordered: list[Cell] = []
        while ready:
            index = heapq.heappop(ready)
            ordered.append(cells[index])
            for follower in followers.get(index, ()):
                waiting[follower].discard(index)
                if not waiting[follower]:
                    heapq.heappush(ready, follower)
        if len(ordered) < len(cells):
            stuck = dict.fromkeys(c.gene.address for c, needs in zip(cells, waiting, strict=True) if needs)
            raise UserError(f"{self.where}: the conditions of {', '.join(stuck)} wait for each other.")
        return tuple(ordered)


_MODEL_SLOTS = (
    Slot(path="topology", kind="topology", needed=True),
    Slot(path="stem", kind="stem", needed=True),
    *(Slot(path=f"recipe.{item.name}") for item in fields(Recipe)),
)


def roles_of(topology: str) -> dict[str, StackRole]:
    """Role by stack name of a topology, in its order."""
    config = registry.choice("topology", topology).config
    assert issubclass(config, TopologyConfig)
    return dict(config.roles)


def _grouped(
    places: Iterable[Place], key: Callable[[Place], tuple[str | None, str | None]]
) -> Iterator[tuple[tuple[str | None, str | None], list[Place]]]:
    groups: dict[tuple[str | None, str | None], list[Place]] = {}
    for place in places:
        groups.setdefault(key(place), []).append(place)
    yield from groups.items()
