"""Drawing labelled points of fresh random Boolean functions, all of them -1 or 1."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Signs = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """Points and labels of one function each.

    Attributes:
        points: (B, k, n).
        labels: (B, k).
        asked: (B, k), where the label follows from the function and what came before.
    """

    points: Signs
    labels: Signs
    asked: npt.NDArray[np.bool_]


def uniform_points(rng: np.random.Generator, count: int, points: int, inputs: int) -> Signs:
    """(count, points, inputs) of signs drawn alike."""
    return 2 * rng.integers(0, 2, (count, points, inputs)) - 1


def literals(rng: np.random.Generator, shape: tuple[int, ...], absent: float, negated: float | None = None) -> Signs:
    """Weights of `shape`: 0 with probability `absent`, -1 with `negated` (half of the rest unless given), 1 otherwise."""
    below = (1 - absent) / 2 if negated is None else negated
    return rng.choice([0, -1, 1], shape, p=[absent, below, 1 - absent - below]).astype(np.int64)


def forced(points: Signs, weights: Signs, where: npt.NDArray[np.bool_], sign: int) -> Signs:
    """The points with every literal made true (sign 1) or false (-1) `where` so.

    Args:
        points: (B, k, n).
        weights: (B, n).
        where: (B, k).
        sign: 1 or -1.
    """
    touched = where[..., None] & (weights != 0)[:, None]
    return np.where(touched, sign * weights[:, None], points)


def all_true(points: Signs, weights: Signs) -> Signs:
    """(B, k): 1 where every literal of `weights`, (B, n), holds, else -1; the empty conjunction holds."""
    held = np.einsum("bkn,bn->bk", points, weights) == np.abs(weights).sum(1)[:, None]
    return 2 * held.astype(np.int64) - 1


def any_true(points: Signs, weights: Signs) -> Signs:
    """(B, k): 1 where some literal holds, else -1; the empty disjunction does not hold."""
    return -all_true(points, -weights)
