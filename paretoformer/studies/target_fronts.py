"""Fronts of one target each: which targets have one, which columns belong to it, who is on it."""

from collections.abc import Sequence
from dataclasses import astuple, replace

from paretoformer.hardware_models.targets import default_workload
from paretoformer.records.errors import UserError
from paretoformer.records.target import Target, parse_target
from paretoformer.studies.front import front_indices
from paretoformer.studies.points import FrontPoint
from paretoformer.studies.spec import Column, StudySpec


def targets_of(columns: Sequence[Column]) -> tuple[Target, ...]:
    """The targets that have a front of their own, those that an objective is about, in order."""
    return tuple(dict.fromkeys(column.target for column in columns if column.target))


def columns_on(spec: StudySpec, target: Target | None) -> tuple[Column, ...]:
    """The columns of a front: all of them, or those without the costs of other targets."""
    return tuple(column for column in spec.columns if target is None or column.target in (None, target))


def named_target(text: str, spec: StudySpec, study: str) -> Target:
    """The target that `text` names: by fields of which no other target has the same, or filled as a search would.

    Raises:
        UserError: none of the study's, or several.
    """
    known = targets_of(spec.columns)
    if not known:
        raise UserError(f"'{text}' cannot be asked for: no objective of study {study} depends on a target.")
    asked = parse_target(text)
    found = [target for target in known if agrees(asked, target)]
    if len(found) > 1:
        filled = asked.filled(default_workload(spec.signature))
        found = [filled] if filled in found else found
    if not found:
        raise UserError(f"'{text}' is not a target of study {study}; it has {', '.join(map(str, known))}.")
    if len(found) > 1:
        raise UserError(f"'{text}' may be several targets of study {study}: {', '.join(map(str, found))}.")
    return found[0]


def members_of(points: Sequence[FrontPoint]) -> list[FrontPoint]:
    """The points that no other dominates, by the first objective; those that another beats by medians are marked as tied."""
    members = [points[index] for index in front_indices([point.intervals for point in points])]
    medians = [point.oriented for point in members]
    marked = [replace(point, tied=_beaten(point.oriented, medians)) for point in members]
    return sorted(marked, key=lambda point: point.oriented)


def _beaten(mine: tuple[float, ...], others: Sequence[tuple[float, ...]]) -> bool:
    return any(other != mine and all(a <= b for a, b in zip(other, mine, strict=True)) for other in others)


def agrees(asked: Target, target: Target) -> bool:
    """Whether every field that was given is the target's."""
    pairs = zip(astuple(asked), astuple(target), strict=True)
    return all(given is None or given == own for given, own in pairs)
