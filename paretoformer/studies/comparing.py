"""Studies side by side: whose front reaches further."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from paretoformer.records.errors import UserError
from paretoformer.studies.front import dominates, hypervolume
from paretoformer.studies.points import FrontPoint
from paretoformer.studies.study import Study


@dataclass(frozen=True, kw_only=True)
class Side:
    """One study of a comparison. `dominated` is the share of its front that some member of each other front dominates."""

    study: str
    complete: int
    front: tuple[FrontPoint, ...]
    hypervolume: float
    dominated: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Studies of the same objectives and data; `reference` is the worst of their reference points, objective by objective.

    It is oriented so that smaller is better.
    """

    objectives: tuple[str, ...]
    reference: tuple[float, ...]
    sides: tuple[Side, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "objectives": list(self.objectives),
            "reference": list(self.reference),
            "studies": [
                {
                    "study": side.study,
                    "complete": side.complete,
                    "hypervolume": side.hypervolume,
                    "dominated": side.dominated,
                    "points": [point.to_json() for point in side.front],
                }
                for side in self.sides
            ],
        }


def compare(studies: Sequence[Study]) -> Comparison:
    """Compare fronts by medians and intervals on validation, against a common reference.

    Raises:
        UserError: fewer than two studies, one that is named twice, or other objectives, sources of figures or data.
    """
    if len(studies) < 2:
        raise UserError("A comparison needs two studies or more.")
    names = [study.name for study in studies]
    if len(set(names)) < len(names):
        raise UserError(f"A study cannot be compared with itself: {', '.join(names)}.")
    for other in studies[1:]:
        _check_alike(studies[0], other)
    reference = _common_reference(studies)
    fronts = {study.name: tuple(study.front()) for study in studies}
    sides = tuple(
        Side(
            study=study.name,
            complete=len(study.points()),
            front=fronts[study.name],
            hypervolume=_hypervolume(fronts[study.name], reference),
            dominated={
                name: dominated_share(fronts[study.name], front) for name, front in fronts.items() if name != study.name
            },
        )
        for study in studies
    )
    return Comparison(
        objectives=tuple(str(column) for column in studies[0].spec.columns), reference=reference, sides=sides
    )


def dominated_share(front: Sequence[FrontPoint], other: Sequence[FrontPoint]) -> float:
    """The share of `front` that some point of `other` dominates; 0 for an empty front."""
    beaten = sum(any(dominates(better.intervals, point.intervals) for better in other) for point in front)
    return beaten / len(front) if front else 0.0


def _check_alike(first: Study, second: Study) -> None:
    facts = {
        "objectives": [", ".join(map(str, study.spec.columns)) for study in (first, second)],
        "data": [study.spec.data_hash[:12] for study in (first, second)],
        "sources of figures": [
            ", ".join(study.spec.source(column) for column in study.spec.columns) for study in (first, second)
        ],
    }
    for what, (one, two) in facts.items():
        if one != two:
            raise UserError(
                f"Studies {first.name} and {second.name} cannot be compared: their {what} differ, {one} and {two}."
            )


def _common_reference(studies: Sequence[Study]) -> tuple[float, ...]:
    known = [study.row.reference for study in studies if study.row.reference is not None]
    return tuple(max(values) for values in zip(*known, strict=True))


def _hypervolume(front: Sequence[FrontPoint], reference: Sequence[float]) -> float:
    return hypervolume(np.array([point.oriented for point in front]), reference) if front and reference else 0.0
