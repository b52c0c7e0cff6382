"""Entries of few different values."""

from collections.abc import Sequence

import numpy as np

from paretoformer.hardware_models.tables.features import Floats

MOST_LEVELS = 8
"""Different numbers that are told apart one by one."""


def few(levels: Sequence[float]) -> tuple[float, ...]:
    """The different numbers where they are few enough, else none."""
    return tuple(levels) if 1 < len(levels) <= MOST_LEVELS else ()


def hats(numbers: Floats, levels: Sequence[float]) -> list[Floats]:
    """For each level (sorted) how much of it a number has: 1 at the level, falling in straight lines to 0 at its neighbours.

    At a level this is one-hot; between two the shares interpolate, outside them the nearest has all.
    """
    return [np.interp(numbers, levels, row) for row in np.eye(len(levels))]
