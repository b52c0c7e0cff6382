"""How a table is best understood: which columns belong together, which say how deep an architecture is."""

import re
from collections.abc import Sequence

from paretoformer.hardware_models.tables.columns import CLEAR_SHARE, Column, ColumnKind
from paretoformer.hardware_models.tables.expansion import ColumnPlan, Expansion, Layers, check_lengths
from paretoformer.hardware_models.tables.levels import few
from paretoformer.records.errors import UserError, unknown

FEWEST_ALIKE = 3
"""Columns with the same entries from which these are counted over all of them."""
_DEPTH = re.compile(r"(^|[^a-z])(n_?|num_?)?(depths?|layers?|blocks?)(_?num|_?count)?$", re.IGNORECASE)


def plan_expansion(columns: Sequence[Column], depth: str | None = None) -> Expansion:
    """How columns become features; `depth` names the column that counts layers, by its numbers or its lengths.

    Raises:
        UserError: there is no such column, it holds words, or lists that belong together differ in length in some row.
    """
    by_name = {column.name: column for column in columns}
    if depth is not None and depth not in by_name:
        raise unknown("feature column", depth, by_name)
    if depth is not None and by_name[depth].kind is ColumnKind.CATEGORIES:
        raise UserError(f"Column '{depth}' holds words, and depth is counted by numbers or by the lengths of lists.")
    layers = tuple(_with_cut(group, by_name, depth) for group in _groups([c for c in columns if c.is_list]))
    return Expansion(
        columns=tuple(ColumnPlan(name=c.name, kind=c.kind, levels=_levels(c)) for c in columns),
        layers=layers,
        alike=tuple(_alike(columns)),
        depth=(depth,) if depth is not None else _found_depth(columns, layers),
    )


def _levels(column: Column) -> tuple[object, ...]:
    return few(column.levels) if column.kind in (ColumnKind.NUMBERS, ColumnKind.LISTS) else column.levels


def _groups(lists: Sequence[Column]) -> list[Layers]:
    """Lists whose lengths agree, which they must in every row where they do in most."""
    groups: list[list[Column]] = []
    for column in lists:
        home = next((group for group in groups if _agreement(group[0], column) >= CLEAR_SHARE), None)
        if home is None:
            groups.append([column])
        else:
            check_lengths([home[0], column])
            home.append(column)
    made = []
    for group in groups:
        lengths = {len(cell) for cell in group[0].cells}
        made.append(Layers(names=tuple(c.name for c in group), longest=max(lengths), even=len(lengths) == 1))
    return made


def _agreement(one: Column, two: Column) -> float:
    return sum(len(a) == len(b) for a, b in zip(one.cells, two.cells, strict=True)) / len(one.cells)


def _with_cut(layers: Layers, columns: dict[str, Column], depth: str | None) -> Layers:
    """Lists that are filled up to one length are cut by the column that says how many layers there are, if one does."""
    if not layers.even:
        return layers
    for column in columns.values():
        named = column.name == depth or depth is None and _DEPTH.search(column.name)
        whole = column.kind is ColumnKind.NUMBERS and all(cell == int(cell) and cell >= 0 for cell in column.cells)
        if named and whole and not column.constant and max(column.cells) == layers.longest:
            return Layers(names=layers.names, longest=layers.longest, even=True, cut=column.name)
    return layers


def _alike(columns: Sequence[Column]) -> list[tuple[str, ...]]:
    """Columns with the same few entries: categories, or numbers of at most as many values as are told apart."""
    groups: dict[tuple[object, ...], list[str]] = {}
    for column in columns:
        if not column.is_list and _levels(column):
            groups.setdefault((column.kind, *column.levels), []).append(column.name)
    return [tuple(names) for names in groups.values() if len(names) >= FEWEST_ALIKE]


def _found_depth(columns: Sequence[Column], layers: Sequence[Layers]) -> tuple[str, ...]:
    cuts = tuple(dict.fromkeys(group.cut for group in layers if group.cut is not None))
    lengths = tuple(group.names[0] for group in layers if not group.even)
    counting = (ColumnKind.NUMBERS, ColumnKind.LISTS)
    named = tuple(c.name for c in columns if c.kind in counting and not c.constant and _DEPTH.search(c.name))
    return cuts or lengths or named
