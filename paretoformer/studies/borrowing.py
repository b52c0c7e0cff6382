"""What it costs to use on one target what was chosen for another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np

from paretoformer.records.target import Target
from paretoformer.studies.front import hypervolume
from paretoformer.studies.picks import pick
from paretoformer.studies.points import FrontPoint

if TYPE_CHECKING:
    from paretoformer.studies.study import Study


@dataclass(frozen=True, kw_only=True)
class Borrowing:
    """The front of target `of`, used on target `on`.

    `kept` is the share of the hypervolume of the front on `on` that these members have there, None where that is nothing.
    `knee` is the trial that is the knee of `of`; `more` says for each cost on `on` by which share it has more of it there
    than the member of least cost among those with at least its scores, which `instead` names.
    """

    of: Target
    on: Target
    kept: float | None
    knee: int
    more: Mapping[str, float]
    instead: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "of": str(self.of),
            "on": str(self.on),
            "hypervolume_kept": self.kept,
            "knee": self.knee,
            "more": dict(self.more),
            "instead": dict(self.instead),
        }


def borrowings(study: "Study") -> tuple[Borrowing, ...]:
    """One for each ordered pair of a study's targets; none where there are fewer than two, or no front yet."""
    everywhere = {point.number: point for point in study.points()}
    found = []
    for of, on in permutations(study.targets, 2):
        chosen = [everywhere[point.number].on(on) for point in study.front(target=of)]
        if chosen:
            knee = pick("knee", study.front(target=of), ()).number
            found.append(borrowed(of, on, chosen, knee, study.front(target=on), study.reference(on)))
    return tuple(found)


def borrowed(
    of: Target,
    on: Target,
    chosen: Sequence[FrontPoint],
    knee: int,
    front: Sequence[FrontPoint],
    reference: Sequence[float] | None,
) -> Borrowing:
    """What the members of one front come to on another target.

    Args:
        of: the target for which they were chosen.
        on: the target on which they are used.
        chosen: the members, as they are on `on`.
        knee: the number of the one that is the knee of their own front.
        front: the front of `on`.
        reference: the hypervolume's reference point on `on`, None where there is none.
    """
    (used,) = (point for point in chosen if point.number == knee)
    least = _least(used, front, on)
    had = {name: (used.cost(name, on) or 0.0, point.cost(name, on) or 0.0) for name, point in least.items()}
    return Borrowing(
        of=of,
        on=on,
        kept=_kept(chosen, front, reference),
        knee=knee,
        more={name: mine / best - 1 for name, (mine, best) in had.items() if best > 0},
        instead={name: point.number for name, point in least.items()},
    )


def _kept(chosen: Sequence[FrontPoint], front: Sequence[FrontPoint], reference: Sequence[float] | None) -> float | None:
    if reference is None:
        return None
    have, whole = (hypervolume(np.array([point.oriented for point in side]), reference) for side in (chosen, front))
    return have / whole if whole > 0 else None


def _least(used: FrontPoint, front: Sequence[FrontPoint], on: Target) -> dict[str, FrontPoint]:
    """For each cost on the target the member that has least of it among those whose scores are at least those of `used`."""
    scored = [index for index, source in enumerate(used.provenance) if source == "scored"]
    enough = [point for point in front if all(point.oriented[i] <= used.oriented[i] for i in scored)]
    return {
        column.name: min((*enough, used), key=lambda point: point.cost(column.name, on) or 0.0)
        for column in used.columns
        if column.target == on
    }
