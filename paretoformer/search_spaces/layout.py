"""The layout of a space: which dimension fills which slot of which stack."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property

from paretoformer.records.recipe import Recipe
from paretoformer.search_spaces import registry
from paretoformer.search_spaces.cells import TOPOLOGY
from paretoformer.search_spaces.contract import StackRole, TopologyConfig
from paretoformer.search_spaces.dimension import Dimension
from paretoformer.search_spaces.slots import DEFAULT_CHOICES, OF_BRANCHES, Slot, candidates, stack_slots

_MODEL_SLOTS = (
    Slot(path=TOPOLOGY, kind="topology", needed=True),
    Slot(path="stem", kind="stem", needed=True),
    Slot(path="source", kind="stem"),
    *(Slot(path=f"recipe.{item.name}") for item in fields(Recipe)),
)


@dataclass(frozen=True)
class Place:
    """A slot in a stack of a topology (None: in every model). A field has the slot of its choice as `owner`,
    and `holders` are the options there that have the field.
    """

    topology: str | None
    stack: str | None
    slot: Slot
    owner: Slot | None = None
    holders: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Filled:
    """A place in one layer (None: in no layer of its own) with the dimension that fills it."""

    place: Place
    layer: int | None
    dimension: Dimension

    @property
    def key(self) -> str:
        """Key of the cell that holds its value."""
        return self.dimension.key(self.place.stack, self.layer)


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

    def depths(self, stack: str) -> tuple[Dimension, int, int]:
        """What gives a stack's depth, its least and its most layers."""
        dimension = self.governor(stack, "depth")
        assert dimension is not None, "checked before anything asks"
        values = [int(value) for value in dimension.domain.values()]
        return dimension, min(values), max(values)

    def options(self, stack: str | None, slot: Slot) -> tuple[str, ...]:
        """Names that may fill a slot of choices."""
        dimension, default = self.governor(stack, slot.path), DEFAULT_CHOICES.get(slot.kind or "")
        given = () if dimension is None else tuple(str(name) for name in dimension.domain.values())
        if default is None or default in given or (dimension is not None and dimension.when is None):
            return given
        return (*given, default)

    @cached_property
    def places_without_fields(self) -> tuple[Place, ...]:
        """Every slot that is no field of a choice."""
        found = [Place(None, None, slot) for slot in _MODEL_SLOTS]
        for topology, roles in self.roles.items():
            found += [Place(topology, s, slot) for s, role in roles.items() for slot in stack_slots(role)]
        return tuple(found)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every slot once for each topology, in the order in which an architecture is read; choices have to be known."""
        return tuple(each for place in self.places_without_fields for each in (place, *self._field_places(place)))

    @cached_property
    def filled(self) -> tuple[Filled, ...]:
        """Every place that a dimension fills: stack by stack, first what belongs to no layer, then layer by layer."""
        groups: dict[tuple[str | None, str | None], list[Place]] = {}
        for place in self.places:
            groups.setdefault((place.topology, place.stack), []).append(place)
        return tuple(
            Filled(place, layer, dimension)
            for (_, stack), places in groups.items()
            for layer in (None, *range(self.depths(stack)[2] if stack else 0))
            for place in places
            if place.slot.layered == (layer is not None)
            and (dimension := self.governor(place.stack, place.slot.path)) is not None
        )

    @cached_property
    def keys(self) -> dict[tuple[str | None, int | None, str], str]:
        """Cell key by (stack, layer, path); slots left to defaults are not there."""
        return {(each.place.stack, each.layer, each.place.slot.path): each.key for each in self.filled}

    def _field_places(self, place: Place) -> Iterator[Place]:
        slot = place.slot
        if slot.kind is None:
            return
        having: dict[str, list[str]] = {}
        for name in self.options(place.stack, slot):
            for field in registry.choice(slot.kind, name).fields:
                having.setdefault(field, []).append(name)
        for field, names in having.items():
            if field not in OF_BRANCHES or not slot.layered:
                inner = Slot(path=f"{slot.path}.{field}", layered=slot.layered)
                yield Place(place.topology, place.stack, inner, slot, frozenset(names))


def roles_of(topology: str) -> dict[str, StackRole]:
    """Role by stack name of a topology, in its order.

    Raises:
        UserError: there is no topology of that name.
    """
    config = registry.choice("topology", topology).config
    assert issubclass(config, TopologyConfig)
    return dict(config.roles)
