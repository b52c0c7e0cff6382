"""Runs of n characters or words that a text and its reference have in common."""

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from paretoformer.evaluators.byte_text import END
from paretoformer.evaluators.examples import IGNORED, Examples

Units = str | tuple[str, ...]
"""Characters, or words."""


def overlap(found: Units, wanted: Units, orders: int) -> list[tuple[int, int, int]]:
    """For n = 1 to `orders`: how many runs `found` has, how many `wanted`, how many they share with multiplicity."""
    counts = []
    for n in range(1, orders + 1):
        mine, theirs = _runs(found, n), _runs(wanted, n)
        shared = sum(min(count, theirs[run]) for run, count in mine.items() if run in theirs)
        counts.append((mine.total(), theirs.total(), shared))
    return counts


def references(examples: Examples) -> list[list[int]]:
    """The ids of each example's answer, without its end."""
    return [[token for token in row if token not in (IGNORED, END)] for row in examples.targets.tolist()]


def table(rows: Sequence[Sequence[float]]) -> Tensor:
    """Statistics of examples with a last column of ones, their weights: (B, K + 1) float64."""
    return torch.tensor([[*row, 1.0] for row in rows], dtype=torch.float64)


def _runs(units: Units, n: int) -> Counter[Units]:
    return Counter([units[start : start + n] for start in range(len(units) - n + 1)])
