"""From columns to features: how a table was understood, kept so that other tables are read the same way."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from paretoformer.hardware_models.tables.columns import Column, ColumnKind, read_column
from paretoformer.hardware_models.tables.features import FeatureKind, Features, Floats
from paretoformer.hardware_models.tables.layers import layer_features
from paretoformer.hardware_models.tables.levels import hats
from paretoformer.records.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

Feature = tuple[str, FeatureKind, Floats]


@dataclass(frozen=True, kw_only=True)
class ColumnPlan:
    """A column: what it is, and the entries that were told apart (none where there were too many)."""

    name: str
    kind: ColumnKind
    levels: tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Layers:
    """Columns of lists with one entry a layer: all of a row have one length, at most `longest`.

    Where they have one length in all rows (`even`), `cut` may name a column that says how many layers are used.
    """

    names: tuple[str, ...]
    longest: int
    even: bool
    cut: str | None = None


@dataclass(frozen=True, kw_only=True)
class Expansion:
    """`alike` are columns with the same few entries.

    `depth` are columns that add up to the depth: numbers by themselves, lists by their length, or where that is the same in all
    rows by the sum of their numbers, as a pyramid's depths.
    """

    columns: tuple[ColumnPlan, ...]
    layers: tuple[Layers, ...]
    alike: tuple[tuple[str, ...], ...]
    depth: tuple[str, ...]

    def features(self, frame: "pd.DataFrame") -> Features:
        """Features of a table that has the columns.

        Raises:
            UserError: a column is missing, or a cell is not what it was in the table of the fit; names column and row.
        """
        return self.of_columns(self.read(frame))

    def read(self, frame: "pd.DataFrame") -> list[Column]:
        """The columns of a table, as they were understood in the table of the fit.

        Raises:
            UserError: a column is missing, or a cell is of another kind; names column and row.
        """
        gone = [plan.name for plan in self.columns if plan.name not in frame.columns]
        if gone:
            raise UserError(f"The table has no column '{gone[0]}'; it has {', '.join(map(str, frame.columns))}.")
        return [read_column(p.name, list(frame[p.name]), p.kind) for p in self.columns]

    def of_columns(self, columns: Sequence[Column]) -> Features:
        """Features of columns that were read already."""
        by_name = {column.name: column for column in columns}
        self._check(by_name)
        made = list(self._made(by_name))
        return Features(
            names=tuple(name for name, _, _ in made),
            kinds=tuple(kind for _, kind, _ in made),
            values=np.column_stack([values for _, _, values in made]),
            depth=self._depth(by_name),
        )

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object that `from_json` reads back."""
        return asdict(self)

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Expansion":
        """Read what `to_json` wrote."""
        return Expansion(
            columns=tuple(
                ColumnPlan(name=each["name"], kind=ColumnKind(each["kind"]), levels=tuple(each["levels"]))
                for each in value["columns"]
            ),
            layers=tuple(Layers(**{**each, "names": tuple(each["names"])}) for each in value["layers"]),
            alike=tuple(tuple(each) for each in value["alike"]),
            depth=tuple(value["depth"]),
        )

    def _made(self, columns: dict[str, Column]) -> Iterator[Feature]:
        for plan in self.columns:
            cells = columns[plan.name].cells
            if plan.kind is ColumnKind.NUMBERS:
                numbers = np.array(cells, dtype=np.float64)
                yield plan.name, FeatureKind.NUMBER, numbers
                for level, hat in zip(plan.levels, hats(numbers, plan.levels), strict=True):
                    yield f"{plan.name}={level:g}", FeatureKind.HAT, hat
            elif plan.kind is ColumnKind.CATEGORIES:
                for level in plan.levels:
                    yield (
                        f"{plan.name}={level}",
                        FeatureKind.LEVEL,
                        np.array([cell == level for cell in cells], dtype=float),
                    )
        for layers in self.layers:
            plans = [plan for plan in self.columns if plan.name in layers.names]
            used = None if layers.cut is None else np.array(columns[layers.cut].cells)
            yield from layer_features(layers, plans, columns, used)
        for names in self.alike:
            yield from _of_alike(names, columns)

    def _check(self, columns: dict[str, Column]) -> None:
        for plan in self.columns:
            if plan.kind in (ColumnKind.CATEGORIES, ColumnKind.WORD_LISTS):
                known = set(plan.levels)
                for row, cell in enumerate(columns[plan.name].cells, 1):
                    for word in cell if plan.kind is ColumnKind.WORD_LISTS else (cell,):
                        if word not in known:
                            raise UserError(
                                f"Row {row} of column '{plan.name}' has '{word}', which no row of the fit had; "
                                f"it had {', '.join(map(str, plan.levels))}."
                            )
        for layers in self.layers:
            check_lengths([columns[name] for name in layers.names])

    def _depth(self, columns: dict[str, Column]) -> Floats | None:
        if not self.depth:
            return None
        found = np.zeros(len(columns[self.depth[0]].cells))
        even = {name for layers in self.layers if layers.even for name in layers.names}
        for name in self.depth:
            column = columns[name]
            if not column.is_list:
                found += np.array(column.cells)
            elif column.kind is ColumnKind.LISTS and name in even:
                found += [sum(cell) for cell in column.cells]
            else:
                found += [len(cell) for cell in column.cells]
        return found


def check_lengths(columns: Sequence[Column]) -> None:
    """Refuse lists of one row that differ in length.

    Raises:
        UserError: names the first such row and two columns.
    """
    first, *others = columns
    for other in others:
        for row, (one, two) in enumerate(zip(first.cells, other.cells, strict=True), 1):
            if len(one) != len(two):
                raise UserError(
                    f"Row {row} has {len(one)} entries in column '{first.name}' and {len(two)} in '{other.name}', "
                    "where the two have as many in other rows."
                )


def _of_alike(names: Sequence[str], columns: dict[str, Column]) -> Iterator[Feature]:
    """How often each entry occurs in columns that have the same ones, and the sum of numbers."""
    of = ",".join((names[0], "..", names[-1]))
    cells = np.array([columns[name].cells for name in names], dtype=object)  # (columns, rows)
    if columns[names[0]].kind is ColumnKind.NUMBERS:
        yield f"sum of {of}", FeatureKind.SUM, cells.astype(np.float64).sum(axis=0)
    for level in sorted({level for name in names for level in columns[name].levels}):
        yield f"{level} in {of}", FeatureKind.SUM, (cells == level).sum(axis=0).astype(np.float64)
