"""Features of lists with one entry a layer: counts, sums, sums of products, and single places."""

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from typing import TYPE_CHECKING

import numpy as np

from paretoformer.hardware_models.tables.columns import Column, ColumnKind
from paretoformer.hardware_models.tables.features import FeatureKind, Floats, Mask
from paretoformer.hardware_models.tables.levels import hats

if TYPE_CHECKING:
    from paretoformer.hardware_models.tables.expansion import ColumnPlan, Layers

LONGEST_PLACES = 32
"""Layers up to which each place is a feature of its own."""
STAGES = 6
"""Entries up to which a list of one length is taken for the stages of a pyramid: each is a number that multiplies others."""
MOST_PRODUCTS = 200
"""Sums of products of two lists that are made at most."""

Channel = tuple[str, str, Floats]
"""The column that it comes from, its name, and a number for each row and layer (n, longest), 0 beyond the last layer."""


def layer_features(
    layers: "Layers", plans: Sequence["ColumnPlan"], columns: dict[str, Column], used: Floats | None
) -> Iterator[tuple[str, FeatureKind, Floats]]:
    """Features of lists of one length, of which `used` (n,) first layers count where that is given."""
    lengths = np.array([len(cell) for cell in columns[layers.names[0]].cells], dtype=np.float64)
    longest = max(layers.longest, int(lengths.max(initial=1)), 1)  # deeper rows than those of the fit count too
    lengths = lengths if used is None else np.minimum(lengths, used)
    present = np.arange(longest) < lengths[:, None]  # (n, longest)
    values, counted = _channels(plans, columns, present)
    if not layers.even or used is not None:
        yield f"layers of {layers.names[0]}", FeatureKind.SUM, lengths
    for _, name, channel in (*values, *counted):
        yield f"sum({name})", FeatureKind.SUM, channel.sum(axis=1)
    for _, name, channel in values:
        yield f"sum({name}^2)", FeatureKind.SUM, (channel**2).sum(axis=1)
        yield f"sum({name}*next)", FeatureKind.SUM, (channel[:, :-1] * channel[:, 1:]).sum(axis=1)
    across = [(one, two) for one, two in combinations((*values, *counted), 2) if one[0] != two[0]]
    for one, two in across[:MOST_PRODUCTS]:
        yield f"sum({one[1]}*{two[1]})", FeatureKind.SUM, (one[2] * two[2]).sum(axis=1)
    for one, two in permutations(values, 2):
        yield f"sum({one[1]}*{two[1]}^2)", FeatureKind.SUM, (one[2] * two[2] ** 2).sum(axis=1)
    if layers.longest <= LONGEST_PLACES:
        kept, told_apart = (
            [(of, name, channel[:, : layers.longest]) for of, name, channel in each] for each in (values, counted)
        )
        yield from _places(kept, told_apart, layers.even and used is None)
        if layers.even and layers.longest <= STAGES:
            yield from _stages(kept)


def _channels(
    plans: Sequence["ColumnPlan"], columns: dict[str, Column], present: Mask
) -> tuple[list[Channel], list[Channel]]:
    """The numbers of lists of numbers, and for each entry that is told apart how much of it a layer has."""
    values, counted = [], []
    for plan in plans:
        cells = columns[plan.name].cells
        if plan.kind is ColumnKind.LISTS:
            padded = np.zeros(present.shape)
            for row, cell in enumerate(cells):
                kept = cell[: present.shape[1]]
                padded[row, : len(kept)] = kept
            padded *= present
            values.append((plan.name, plan.name, padded))
            for level, hat in zip(plan.levels, hats(padded, plan.levels), strict=True):
                counted.append((plan.name, f"{plan.name}={level:g}", hat * present))
        else:
            places = {level: number for number, level in enumerate(plan.levels)}
            codes = np.full(present.shape, -1)
            for row, cell in enumerate(cells):
                kept = cell[: present.shape[1]]
                codes[row, : len(kept)] = [places.get(word, -1) for word in kept]
            counted += [(plan.name, f"{plan.name}={level}", (codes == at) * present) for level, at in places.items()]
    return values, counted


def _places(
    values: Sequence[Channel], counted: Sequence[Channel], even: bool
) -> Iterator[tuple[str, FeatureKind, Floats]]:
    kind = FeatureKind.NUMBER if even and values and values[0][2].shape[1] <= STAGES else FeatureKind.PLACE
    for _, name, channel in values:
        for place in range(channel.shape[1]):
            yield f"{name}[{place + 1}]", kind, channel[:, place]
    for _, name, channel in counted if even else ():
        for place in range(channel.shape[1]):
            yield f"{name}[{place + 1}]", FeatureKind.PLACE_LEVEL, channel[:, place].astype(np.float64)


def _stages(values: Sequence[Channel]) -> Iterator[tuple[str, FeatureKind, Floats]]:
    """Products of two lists at one place, as of depth and width, and of depth and width squared."""
    for (_, one, first), (_, two, second) in permutations(values, 2):
        for place in range(first.shape[1]):
            here, there = first[:, place], second[:, place]
            if one < two:
                yield f"{one}[{place + 1}]*{two}[{place + 1}]", FeatureKind.SUM, here * there
            yield f"{one}[{place + 1}]*{two}[{place + 1}]^2", FeatureKind.SUM, here * there**2
