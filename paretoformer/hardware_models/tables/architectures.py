"""Architectures as rows of a table: what they are made of, layer by layer, and what was counted of them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from paretoformer.search_spaces.architecture import Architecture, Branch, Stack
from paretoformer.search_spaces.contract import ChoiceConfig

if TYPE_CHECKING:
    import pandas as pd

ABSENT: dict[type, Any] = {str: "none", float: 0.0, tuple: ()}
"""What stands in a row whose architecture has no such stack or choice, by the kind of cell."""


def architecture_frame(architectures: Sequence[Architecture], counts: Sequence[Mapping[str, float]]) -> "pd.DataFrame":
    """A row for each architecture, with the same columns for all: counts, and for each stack its width and its layers."""
    import pandas as pd

    rows = [{**_counts(count), **_row(each)} for each, count in zip(architectures, counts, strict=True)]
    kinds = {name: type(cell) for row in rows for name, cell in row.items()}
    depths = [{stack.name: stack.depth for stack in each.stacks} for each in architectures]
    return pd.DataFrame(
        {
            name: [row.get(name, _filler(kind, name, depth)) for row, depth in zip(rows, depths, strict=True)]
            for name, kind in kinds.items()
        }
    )


def _counts(counts: Mapping[str, float]) -> dict[str, Any]:
    return {name: float(value) for name, value in counts.items() if value is not None}


def _row(architecture: Architecture) -> dict[str, Any]:
    row: dict[str, Any] = {"topology": architecture.topology.choice.name, "stem": architecture.stem.choice.name}
    row |= {f"stem.{name}": value for name, value in _numbers(architecture.stem).items()}
    for stack in architecture.stacks:
        row |= _stack(stack)
    return row


def _stack(stack: Stack) -> dict[str, Any]:
    """Width and loops, and for each role of branch a list with an entry a block: the choice, and its numbers."""
    row: dict[str, Any] = {
        f"{stack.name}.width": float(stack.width),
        f"{stack.name}.loops": float(stack.loops),
        f"{stack.name}.position": stack.position.choice.name,
    }
    for place, branch in enumerate(stack.blocks[0]):
        at = f"{stack.name}.{branch.role}"
        of_role: list[Branch] = [block[place] for block in stack.blocks]
        row[at] = tuple(each.body.choice.name for each in of_role)
        row[f"{at}.norm"] = tuple(each.norm.choice.name for each in of_role)
        numbers = [_numbers(each.body) for each in of_role]
        for name in sorted({name for each in numbers for name in each}):
            row[f"{at}.{name}"] = tuple(each.get(name, 0.0) for each in numbers)
    return row


def _numbers(config: ChoiceConfig) -> dict[str, float]:
    """The fields of a choice that are numbers or truths."""
    given = ((field.name, getattr(config, field.name)) for field in fields(config))
    return {name: float(value) for name, value in given if isinstance(value, int | float)}


def _filler(kind: type, name: str, depths: Mapping[str, int]) -> Any:
    """What a row without that choice has: of lists as many entries as its stack has blocks."""
    if kind is not tuple:
        return ABSENT[kind]
    depth = depths.get(name.partition(".")[0], 0)
    return (0.0,) * depth
