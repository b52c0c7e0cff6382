"""When a study has enough."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When a study has enough: numbered trials, and hours in which a trial was under way. None: no limit."""

    trials: int | None = None
    hours: float | None = None
