"""Choosing one point of a front: `knee`, `best`, `fastest`, a trial's number, or bounds in words."""

from collections.abc import Sequence

import numpy as np

from paretoformer.records.errors import UserError
from paretoformer.records.objective import Constraint, parse_constraints
from paretoformer.records.units import show
from paretoformer.studies.points import FrontPoint
from paretoformer.studies.target_fronts import agrees, targets_of

SAME_DIGITS = 9
"""Sums of scaled objectives that agree to so many digits are equal."""
NAMED = ("knee", "best", "fastest", "smallest")


def pick(text: str, points: Sequence[FrontPoint], complete: Sequence[FrontPoint]) -> FrontPoint:
    """The point that `text` asks for.

    `best` has the best first objective, `fastest` the lowest latency on the first target, `smallest` the fewest
    parameters; `knee` has the least sum of objectives, each scaled to the front's range: it lies farthest from the plane
    through the front's extremes. Of equals the better first objective decides. A bound such as
    `latency <= 3ms and accuracy >= 0.95` gives the best first objective among the points that meet it.

    Args:
        text: what the user wrote.
        points: the front, where names and bounds choose.
        complete: every complete trial, from which a number may choose.

    Raises:
        UserError: an unknown word, a trial that is not complete, or bounds that no point meets (the nearest is named).
    """
    if not points:
        raise UserError("The study has no complete trial to pick from.")
    if text == "knee":
        return _knee(points)
    if text == "best":
        return min(points, key=lambda point: point.oriented[0])
    if text == "fastest":
        return _lowest("latency", points)
    if text == "smallest":
        return _lowest("params", points)
    if text.isdigit():
        return _numbered(int(text), complete)
    if "<" in text or ">" in text:
        return _bounded(parse_constraints(text), points)
    raise UserError(
        f"'{text}' is not a pick; picks: {', '.join(NAMED)}, a trial's number, or a bound such as \"latency <= 3ms\"."
    )


def _knee(points: Sequence[FrontPoint]) -> FrontPoint:
    values = np.array([point.oriented for point in points])
    low, high = values.min(0), values.max(0)
    sums = ((values - low) / np.where(high > low, high - low, 1.0)).sum(1).round(SAME_DIGITS)
    return min(zip(sums, points, strict=True), key=lambda each: (each[0], each[1].oriented))[1]


def _lowest(name: str, points: Sequence[FrontPoint]) -> FrontPoint:
    known = [point for point in points if point.cost(name) is not None]
    if not known:
        raise UserError(f"No {name} is known of this study's trials; it has {', '.join(points[0].names)}.")
    return min(known, key=lambda point: point.cost(name) or 0.0)


def _numbered(number: int, complete: Sequence[FrontPoint]) -> FrontPoint:
    for point in complete:
        if point.number == number:
            return point
    numbers = ", ".join(str(point.number) for point in complete[:20])
    raise UserError(
        f"Trial {number} is not complete in this study; complete: {numbers}{', ...' if len(complete) > 20 else ''}."
    )


def _bounded(bounds: Sequence[Constraint], points: Sequence[FrontPoint]) -> FrontPoint:
    for bound in bounds:
        if _value(points[0], bound) is None:
            raise UserError(
                f"'{bound}': {_named(bound)} is not known of this study; it has {_known(points[0], bound)}."
            )

    def worst(point: FrontPoint) -> float:
        return max(bound.violation(_value(point, bound) or 0.0) for bound in bounds)

    met = [point for point in points if worst(point) <= 0]
    if met:
        return min(met, key=lambda point: point.oriented[0])
    nearest = min(points, key=worst)
    has = ", ".join(f"{_named(bound)} {show(_value(nearest, bound) or 0.0, bound.unit)}" for bound in bounds)
    asked = " and ".join(str(bound) for bound in bounds)
    raise UserError(f"No point of the front meets {asked}; the nearest is trial {nearest.number} with {has}.")


def _value(point: FrontPoint, bound: Constraint) -> float | None:
    """What the bound is about: a cost on the target that it names, without one on the first."""
    if bound.target is None:
        return point.cost(bound.name)
    agreeing = [target for target in targets_of(point.columns) if agrees(bound.target, target)]
    return point.cost(bound.name, agreeing[0]) if len(agreeing) == 1 else None


def _named(bound: Constraint) -> str:
    return f"{bound.name}[{bound.target}]" if bound.target else bound.name


def _known(point: FrontPoint, bound: Constraint) -> str:
    return ", ".join(map(str, point.columns) if bound.target else point.names)
