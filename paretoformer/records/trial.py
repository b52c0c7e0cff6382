"""One proposal of a study: its states, and what the engine is told of its end."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Gene = int | float | str | bool
"""The value of one gene."""
Point = dict[str, Gene]
"""A value for every active gene of a search space, by the gene's key (`decoder.mixer[2]`)."""


class TrialState(StrEnum):
    """Where a trial stands; the last six are ends."""

    RESERVED = "reserved"
    RUNNING = "running"
    INVALID = "invalid"
    DUPLICATE = "duplicate"
    OVER_CONSTRAINT = "over-constraint"
    PRUNED = "pruned"
    COMPLETE = "complete"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to the trial."""
        return self not in (TrialState.RESERVED, TrialState.RUNNING)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of a trial as an engine sees it.

    `values` follow the study's objectives, oriented so that smaller is better; empty where there are none.
    `violations` are positive where a constraint does not hold. `memo` is what the engine kept with the trial.
    """

    number: int
    state: TrialState
    point: Point
    values: tuple[float, ...] = ()
    violations: dict[str, float] = field(default_factory=dict)
    memo: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Score:
    """A metric of a run on one split after `examples` training examples, with its 95 % interval."""

    metric: str
    split: str
    rung: int
    value: float
    low: float
    high: float
    examples: int
    seconds: float


def of_last_rung(scores: Sequence[Score]) -> list[Score]:
    """Those of the largest budget; empty where there are none."""
    last = max((score.rung for score in scores), default=0)
    return [score for score in scores if score.rung == last]
