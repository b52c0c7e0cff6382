"""How trials end: one exception for each end that is not complete, so that a step can end its trial from anywhere."""

from dataclasses import dataclass, field

from paretoformer.records.trial import TrialState


@dataclass(frozen=True, kw_only=True)
class Ending:
    """State, reason, and what the engine is told: oriented values where there are any, violations where bounds broke."""

    state: TrialState
    reason: str | None = None
    values: tuple[float, ...] = ()
    violations: dict[str, float] = field(default_factory=dict)


class Ended(Exception):
    """The trial ends here, with `ending`."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.reason)
        self.ending = ending


class Drained(Exception):
    """The worker was asked to stop: the trial is handed back, not ended."""
