"""Simple learners of labels from the points before: points (B, k, n) and labels (B, k) of signs -> answers (B, k)."""

import numpy as np

from paretoformer.evaluators.boolean.points import Signs


def null_learner(points: Signs, labels: Signs) -> Signs:
    """The more frequent label before each point, 1 on a tie."""
    before = labels.cumsum(1) - labels
    return np.where(before >= 0, 1, -1)


def nearest_neighbour(points: Signs, labels: Signs) -> Signs:
    """The label of the nearest point before, the first such on ties; 1 at the first point."""
    likeness = np.einsum("bin,bjn->bij", points, points)
    later = np.triu(np.ones(likeness.shape[1:], dtype=bool))
    nearest = np.where(later, -points.shape[2] - 1, likeness).argmax(2)  # (B, k)
    found = np.take_along_axis(labels, nearest, 1)
    found[:, 0] = 1
    return found


def averaging(points: Signs, labels: Signs) -> Signs:
    """The sign of the point along the mean of label times point before, 1 on a tie."""
    summed = (labels[..., None] * points).cumsum(1) - labels[..., None] * points
    return np.where((summed * points).sum(2) >= 0, 1, -1)


def conjunction_learner(points: Signs, labels: Signs, *, positive: bool = False) -> Signs:
    """All literals that no positive before contradicts must hold, which is never wrong about a negative.

    With `positive` no literal is negated. Before the first positive the answer is -1.
    """
    found = np.empty_like(labels)
    never = np.zeros((len(points), points.shape[2]), dtype=bool)
    was_plus, was_minus = never.copy(), never.copy()  # in some positive before
    for place in range(points.shape[1]):
        x = points[:, place]
        broken = (x == -1) & ~was_minus & was_plus
        if not positive:
            broken |= (x == 1) & ~was_plus & was_minus
        unseen = ~(was_plus | was_minus).any(1)
        found[:, place] = np.where(broken.any(1) | unseen, -1, 1)
        held = labels[:, place, None] == 1
        was_plus |= held & (x == 1)
        was_minus |= held & (x == -1)
    return found
