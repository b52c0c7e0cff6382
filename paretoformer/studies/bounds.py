"""Bounds that no search can meet, whatever its space: beyond a metric's range, or excluding each other."""

import math
from collections.abc import Sequence
from itertools import combinations

from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.task import Task
from paretoformer.records.costs import COSTS
from paretoformer.records.errors import UserError
from paretoformer.records.objective import Constraint
from paretoformer.records.units import show


def check_bounds(bounds: Sequence[Constraint], task: Task) -> None:
    """Pass if the bounds may hold together.

    Raises:
        UserError: a bound outside its metric's range, or an upper and a lower one on the same name that leave nothing.
    """
    for bound in bounds:
        if bound.name not in COSTS:
            _check_range(bound, task.metric(bound.name))
    for one, other in combinations(bounds, 2):
        if _exclude(one, other):
            raise UserError(f"{one} and {other} exclude each other: no value meets both.")


def _check_range(bound: Constraint, metric: Metric) -> None:
    if metric.least <= bound.bound <= metric.most:
        return
    ends = [
        f"{word} {show(end, '')}" for word, end in (("from", metric.least), ("to", metric.most)) if math.isfinite(end)
    ]
    raise UserError(f"'{bound}' is outside the range of {metric.name}, which goes {' '.join(ends)}.")


def _exclude(one: Constraint, other: Constraint) -> bool:
    """Whether they bound the same value, an unqualified one that of every target, from opposite sides that do not meet."""
    apart = one.target is not None and other.target is not None and one.target != other.target
    if one.name != other.name or one.upper == other.upper or apart:
        return False
    upper, lower = (one, other) if one.upper else (other, one)
    return upper.bound < lower.bound
