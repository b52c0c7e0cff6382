"""What a search has cost: seconds and joules by kind of work, over the study and for each member of its front."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paretoformer.records.trial import TrialState
from paretoformer.store.rows import TrialRow
from paretoformer.studies.joules import UNKNOWN
from paretoformer.studies.seconds import KINDS, WORK

if TYPE_CHECKING:
    from paretoformer.studies.study import Study


@dataclass(frozen=True, kw_only=True)
class Joules:
    """Joules by kind of work over those trials that have them.

    `unknown` is why others have none, None where all do. `shared` says that trials ran at the same time: a counter is the
    whole device's, so that what they took together is counted for each of them, and the sums are upper bounds.
    """

    spent: Mapping[str, float]
    trials: int
    unknown: str | None
    shared: bool


@dataclass(frozen=True, kw_only=True)
class MemberAccount:
    """What one member's own trial has cost."""

    trial: int
    seconds: Mapping[str, float]
    joules: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Account:
    """Over all trials that have ended, whatever their end; the time of workers that died or handed a trial back is not in it.

    Nor is the pre-flight, which comes before the first trial. `seconds` add up over workers.
    """

    ends: Mapping[TrialState, int]
    seconds: Mapping[str, float]
    joules: Joules
    members: tuple[MemberAccount, ...]

    @property
    def total(self) -> float:
        """Seconds of all kinds."""
        return sum(self.seconds.values())

    @property
    def measuring_share(self) -> float | None:
        """Of training and measuring together; None before there was either."""
        work = self.seconds["training"] + self.seconds["measuring"]
        return self.seconds["measuring"] / work if work else None

    @property
    def per_member(self) -> Mapping[str, float] | None:
        """Seconds of the whole search for each member of the front; None without a front."""
        count = len(self.members)
        return {kind: seconds / count for kind, seconds in self.seconds.items()} if count else None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "ends": {str(state): count for state, count in self.ends.items()},
            "seconds": dict(self.seconds),
            "measuring_share": self.measuring_share,
            "joules": {
                "spent": dict(self.joules.spent),
                "trials": self.joules.trials,
                "unknown": self.joules.unknown,
                "shared": self.joules.shared,
            },
            "seconds_per_member": None if self.per_member is None else dict(self.per_member),
            "members": [
                {"trial": each.trial, "seconds": dict(each.seconds), "joules": each.joules} for each in self.members
            ],
        }


def account(study: "Study") -> Account:
    """The account of a study as it stands; its members are those of every front."""
    ended = [trial for trial in study.trials if trial.state.ended]
    by_number = {trial.number: trial for trial in ended}
    return Account(
        ends=Counter(trial.state for trial in ended),
        seconds={kind: sum(trial.seconds.get(kind, 0.0) for trial in ended) for kind in KINDS},
        joules=_joules(ended),
        members=tuple(
            MemberAccount(
                trial=point.number,
                seconds=by_number[point.number].seconds,
                joules=by_number[point.number].joules,
            )
            for point in study.members()
        ),
    )


def _joules(trials: Sequence[TrialRow]) -> Joules:
    known = [trial for trial in trials if trial.joules and any(kind in trial.joules for kind in WORK)]
    reasons = [trial.joules[UNKNOWN] for trial in trials if trial.joules and UNKNOWN in trial.joules]
    spent = {kind: sum((trial.joules or {}).get(kind, 0.0) for trial in known) for kind in WORK}
    unread = "it was not read" if len(known) < len(trials) else None
    return Joules(
        spent={kind: joules for kind, joules in spent.items() if joules > 0},
        trials=len(known),
        unknown=reasons[0] if reasons else unread if not known else None,
        shared=_overlap(known),
    )


def _overlap(trials: Sequence[TrialRow]) -> bool:
    """Whether some were under way at the same time, by their own wall-clock times."""
    spans = sorted((trial.started, trial.ended) for trial in trials if trial.ended is not None)
    return any(later[0] < earlier[1] for earlier, later in zip(spans, spans[1:], strict=False))
