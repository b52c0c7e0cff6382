"""What the names of a rule mean in each stack and layer."""

from collections.abc import Iterable, Iterator
from dataclasses import fields

from paretoformer.records.errors import UserError
from paretoformer.search_spaces.cells import Binding
from paretoformer.search_spaces.counts import Counts
from paretoformer.search_spaces.dimension import Dimension
from paretoformer.search_spaces.layout import Layout
from paretoformer.search_spaces.slots import OF_MODELS

COUNT_NAMES = tuple(item.name for item in fields(Counts))
"""Counts that a rule may name."""


def bind(
    layout: Layout, names: Iterable[str], where: str, stack: str | None = None, layer: int | None = None
) -> tuple[Binding, ...]:
    """Cells that names mean, within `stack` and `layer` where given.

    Else once for each stack where a name has no stack of its own, and for each layer where one has a value in each.

    Raises:
        UserError: a name that is no dimension of the space.
    """
    names = tuple(names)
    for name in names:
        if all(named(layout, name, each) is None for each in (stack, *layout.stacks)):
            listed = ", ".join((*layout.dimensions, *COUNT_NAMES))
            raise UserError(f"{where}: '{name}' is not a name here; names: {listed}.")
    everywhere = stack is None and any(name.split(".")[0] not in (*layout.stacks, *OF_MODELS) for name in names)
    found: list[Binding] = []
    for each in layout.stacks if everywhere else (stack,):
        meant = {name: named(layout, name, each) for name in names}
        given = {name: dimension for name, dimension in meant.items() if dimension is not None}
        if len(given) == len(meant):
            found += _bound(layout, given, each, layer, shown=each if everywhere else None)
    return tuple(found)


def named(layout: Layout, name: str, stack: str | None) -> Dimension | None:
    """The dimension that a name means in `stack`, None where it means none."""
    own = _own_stack(layout, name)
    if own is not None:
        return layout.governor(own, name.partition(".")[2])
    return layout.governor(None if name.split(".")[0] in OF_MODELS else stack, name)


def _bound(
    layout: Layout, given: dict[str, Dimension], stack: str | None, layer: int | None, *, shown: str | None
) -> Iterator[Binding]:
    stacks = {name: _own_stack(layout, name) or stack for name in given}
    layered = [stacks[name] for name, dimension in given.items() if dimension.per == "layer"]
    layers: Iterable[int | None] = (layer,)
    if layered and layer is None:
        layers = range(max(layout.depths(owner)[2] for owner in layered if owner is not None))
    for at in layers:
        keys = {name: dimension.key(stacks[name], at) for name, dimension in given.items()}
        yield Binding(shown, at if layered else None, keys)


def _own_stack(layout: Layout, name: str) -> str | None:
    first = name.split(".")[0]
    return first if first in layout.stacks else None
