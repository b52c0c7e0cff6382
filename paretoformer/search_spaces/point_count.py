"""How many points a space has, counted without listing them."""

from collections.abc import Callable, Iterator

from paretoformer.records.trial import Gene as Value
from paretoformer.search_spaces.cells import Cell, Known, Use

State = frozenset[tuple[str, Value]]
_HELD = "\0held "
"""Key of the note that a cell has a use that holds."""


def count_points(cells: tuple[Cell, ...]) -> int | None:
    """Number of distinct points; None where a gene takes any real number.

    Runs once over the cells with the number of ways to reach each state. A state is what later cells ask about: values, and of
    choices that bring a field with them only whether one of them has been made. So forty layers that share one field have two
    states, not two for each layer.
    """
    if any(cell.gene.domain.size is None for cell in cells if not cell.fixed):
        return None
    owned, last = _owned(cells), _last(cells)
    alike = _alike(cells)
    ways: dict[State, int] = {frozenset(): 1}
    for index, cell in enumerate(cells):
        key, after = cell.gene.key, dict[State, int]()
        for state, number in ways.items():
            known = dict(state)
            kept = {name: value for name, value in known.items() if last.get(name, -1) > index}
            if not _active(cell, known):
                values: list[tuple[Value | None, int]] = [(None, number)]
            elif key not in owned and last.get(key, -1) <= index:
                values = [(None, number * (1 if cell.fixed else cell.gene.domain.size or 1))]
            else:
                given = (cell.forced(known),) if cell.fixed else tuple(cell.gene.domain.values())
                values = [(value, number) for value in given]
            for value, times in values:
                reached = dict(kept)
                if value is not None and last.get(key, -1) > index:
                    reached[key] = alike(key, value)
                for later, use in owned.get(key, ()):
                    made = known if value is None else {**known, key: value}
                    if last[_HELD + later] > index and use.holds(made):
                        reached[_HELD + later] = True
                place = frozenset(reached.items())
                after[place] = after.get(place, 0) + times
        ways = after
    return sum(ways.values())


def _active(cell: Cell, known: Known) -> bool:
    if cell.tie is not None and cell.tie.key not in known:
        return False
    held = _HELD + cell.gene.key in known or any(use.holds(known) for use in cell.uses if use.owner is None)
    return held and (cell.when is None or cell.when.holds(known))


def _owned(cells: tuple[Cell, ...]) -> dict[str, list[tuple[str, Use]]]:
    """By key of a choice, the later cells that it may bring with it, each with the use in which it does."""
    found: dict[str, list[tuple[str, Use]]] = {}
    for cell in cells:
        for use in cell.uses:
            if use.owner is not None:
                found.setdefault(use.owner, []).append((cell.gene.key, use))
    return found


def _last(cells: tuple[Cell, ...]) -> dict[str, int]:
    """By key of a value or a note, the last cell that asks about it."""
    at = {cell.gene.key: index for index, cell in enumerate(cells)}
    last: dict[str, int] = {}
    for index, cell in enumerate(cells):
        for key, asked in _asked(cell, index, at):
            last[key] = max(asked, last.get(key, -1))
    return last


def _asked(cell: Cell, index: int, at: dict[str, int]) -> Iterator[tuple[str, int]]:
    """What a cell asks about, and where: uses of a choice are decided where the choice is."""
    for use in cell.uses:
        where = index if use.owner is None else at[use.owner]
        yield from ((key, where) for key in use.needs() if key != use.owner)
        if use.owner is not None:
            yield _HELD + cell.gene.key, index
    yield from ((key, index) for binding in (cell.when.bindings if cell.when else ()) for key in binding.keys.values())
    if cell.tie is not None:
        yield cell.tie.key, index


def _alike(cells: tuple[Cell, ...]) -> Callable[[str, Value], Value]:
    """Maps a value to the first one seen that no later cell tells apart from it; only topologies are not asked for whole."""
    whole = {
        key for cell in cells for binding in (cell.when.bindings if cell.when else ()) for key in binding.keys.values()
    }
    whole |= {cell.tie.key for cell in cells if cell.tie is not None}
    whole |= {use.depth for cell in cells for use in cell.uses if use.depth is not None}
    sets = [use.topologies for cell in cells for use in cell.uses if use.topologies is not None]
    first: dict[tuple[str, tuple[bool, ...]], Value] = {}

    def alike(key: str, value: Value) -> Value:
        if key in whole:
            return value
        return first.setdefault((key, tuple(value in names for names in sets)), value)

    return alike
