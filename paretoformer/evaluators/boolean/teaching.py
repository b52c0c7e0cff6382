"""Conjunctions of positive literals whose first points leave no other function possible."""

import numpy as np

from paretoformer.evaluators.boolean.points import Lesson, all_true, forced, literals, uniform_points


def teaching_lesson(rng: np.random.Generator, count: int, points: int, inputs: int) -> Lesson:
    """First the point at which only the literals are 1, a positive; then for each literal that point with it flipped, a negative;
    then points drawn alike, 40 % of them made positive. Each literal is there with probability 0.3. Source: paper 32, appendix.
    """
    weights = literals(rng, (count, inputs), 0.7, 0.0)
    x = forced(uniform_points(rng, count, points, inputs), weights, rng.random((count, points)) < 0.4, 1)
    positive = 2 * weights - 1  # (count, inputs)
    order = np.argsort(-weights, axis=1, kind="stable")  # the literals first
    flipped = np.repeat(positive[:, None], inputs, 1)
    np.put_along_axis(flipped, order[..., None], -1, axis=2)
    prefix = np.concatenate((positive[:, None], flipped), 1)[:, :points]  # (count, at most inputs + 1, inputs)
    taught = np.arange(prefix.shape[1]) <= weights.sum(1)[:, None]
    x[:, : prefix.shape[1]] = np.where(taught[..., None], prefix, x[:, : prefix.shape[1]])
    labels = all_true(x, weights)
    return Lesson(points=x, labels=labels, asked=np.ones(labels.shape, dtype=bool))
