"""Ranking a family of architectures over several cases."""

from collections.abc import Mapping, Sequence

import numpy as np


def mean_reciprocal_ranks(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """By name, the mean over cases of 1 / rank, the highest score having rank 1.

    Equal scores are ranked in the order in which they stand, as paper 06 does.

    Args:
        scores: of each case, one task with one seed, the score of each name; all cases have the same names.
    """
    names = list(scores[0])
    table = np.array([[case[name] for name in names] for case in scores])  # (cases, names)
    ranks = (-table).argsort(1, kind="stable").argsort(1) + 1
    return dict(zip(names, (1 / ranks).mean(0).tolist(), strict=True))
