"""The classes of functions of paper 32, each as a way to draw lessons.

Shares of absent and negated literals and of points that are forced follow the authors' code. Where it takes the sign of 0, which
is neither label, a tie is -1 here.
"""

from collections.abc import Callable

import numpy as np

from paretoformer.evaluators.boolean.points import (
    Lesson,
    Signs,
    all_true,
    any_true,
    forced,
    literals,
    uniform_points,
)

SPARSE_LITERALS = 4
PARITY_BITS = 2
_CLAUSES = 3


def _lesson(points: Signs, labels: Signs) -> Lesson:
    return Lesson(points=points, labels=labels, asked=np.ones(labels.shape, dtype=bool))


def _signs(holds: "np.typing.NDArray[np.bool_]") -> Signs:
    return 2 * holds.astype(np.int64) - 1


def _conjunction(rng: np.random.Generator, count: int, points: int, inputs: int) -> Lesson:
    weights = literals(rng, (count, inputs), 0.7)
    x = forced(uniform_points(rng, count, points, inputs), weights, rng.random((count, points)) < 0.3, 1)
    return _lesson(x, all_true(x, weights))


def _disjunction(rng: np.random.Generator, count: int, points: int, inputs: int) -> Lesson:
    weights = literals(rng, (count, inputs), 0.7)
    x = forced(uniform_points(rng, count, points, inputs), weights, rng.random((count, points)) < 0.3, -1)
    return _lesson(x, any_true(x, weights))


def _chosen(rng: np.random.Generator, count: int, inputs: int, chosen: int) -> Signs:
    """(count, inputs): `chosen` ones a row."""
    return (rng.random((count, inputs)).argsort(1) < chosen).astype(np.int64)


def _sparse_disjunction(rng: np.random.Generator, count: int, points: int, inputs: int) -> Lesson:
    weights = _chosen(rng, count, inputs, SPARSE_LITERALS)
    x = forced(uniform_points(rng, count, points, inputs), weights, rng.random((count, points)) < 0.3, -1)
    return _lesson(x, any_true(x, weights))


def _clauses(rng: np.random.Generator, count: int, points: int, inputs: int, sign: int, share: float) -> Lesson:
    weights = literals(rng, (count, _CLAUSES, inputs), 0.8)
    one = weights[np.arange(count), rng.integers(0, _CLAUSES, count)]
    x = forced(uniform_points(rng, count, points, inputs), one, rng.random((count, points)) < share, sign)
    holds = all_true if sign == 1 else any_true
    each = np.stack([holds(x, weights[:, clause]) for clause in range(_CLAUSES)])
    return _lesson(x, each.max(0) if sign == 1 else each.min(0))


def _dnf(rng: np.random.Generator, count: int, points: int, inputs: int) -> Lesson:
    return _clauses(rng, count, points, inputs, 1, 0.35)


def _cnf(rng: np.random.Generator, count: int, points: int, inputs: int) -> Lesson:
    return _clauses(rng, count, points, inputs, -1, 0.3)


def _halfspace(rng: np.random.Generator, weights: Signs, points: int, threshold: Signs | int) -> Lesson:
    """Label 1 where the weighted sum is above `threshold`, of whole numbers, by a half or more."""
    x = uniform_points(rng, len(weights), points, weights.shape[1])
    return _lesson(x, _signs(np.einsum("bkn,bn->bk", x, weights) > threshold))


def _majority(rng: np.random.Generator, count: int, points: int, inputs: int) -> Lesson:
    return _halfspace(rng, literals(rng, (count, inputs), 0.7, 0.0), points, 0)


def _integer_halfspace(rng: np.random.Generator, count: int, points: int, inputs: int) -> Lesson:
    return _halfspace(rng, rng.integers(-3, 4, (count, inputs)), points, 0)


def _sparse_threshold(rng: np.random.Generator, count: int, points: int, inputs: int) -> Lesson:
    return _halfspace(rng, literals(rng, (count, inputs), 0.7), points, rng.integers(-3, 3, (count, 1)))


def _parity_of(rng: np.random.Generator, subset: Signs, points: int) -> Lesson:
    x = uniform_points(rng, len(subset), points, subset.shape[1])
    return _lesson(x, _signs(np.einsum("bkn,bn->bk", (x + 1) // 2, subset) % 2 == 1))


def _parity(rng: np.random.Generator, count: int, points: int, inputs: int) -> Lesson:
    return _parity_of(rng, rng.integers(0, 2, (count, inputs)), points)


def _sparse_parity(rng: np.random.Generator, count: int, points: int, inputs: int) -> Lesson:
    return _parity_of(rng, _chosen(rng, count, inputs, PARITY_BITS), points)


def _nearest_neighbour(rng: np.random.Generator, count: int, points: int, inputs: int) -> Lesson:
    """The first half have random labels, equal points equal ones; each later point has that of the nearest before it."""
    x = uniform_points(rng, count, points, inputs)
    likeness = np.einsum("bin,bjn->bij", x, x)
    labels = 2 * rng.integers(0, 2, (count, points)) - 1
    start, rows = points // 2, np.arange(count)
    for place in range(1, points):
        nearest = likeness[:, place, :place].argmax(1)
        known = (likeness[rows, place, nearest] == inputs) | (place >= start)
        labels[:, place] = np.where(known, labels[rows, nearest], labels[:, place])
    return Lesson(points=x, labels=labels, asked=np.broadcast_to(np.arange(points) >= start, labels.shape))


CLASSES: dict[str, Callable[[np.random.Generator, int, int, int], Lesson]] = {
    "conjunction": _conjunction,
    "disjunction": _disjunction,
    "sparse-disjunction": _sparse_disjunction,
    "dnf": _dnf,
    "cnf": _cnf,
    "majority": _majority,
    "integer-halfspace": _integer_halfspace,
    "sparse-threshold": _sparse_threshold,
    "parity": _parity,
    "sparse-parity": _sparse_parity,
    "nearest-neighbour": _nearest_neighbour,
}
"""By name: a source of randomness, how many functions, points of each and inputs of a point -> a lesson of each function."""
