"""Where a study lives and how much to work on it."""

import math
from dataclasses import dataclass
from pathlib import Path

from paretoformer.records.errors import UserError
from paretoformer.studies.limits import Limits

DEFAULT_STORAGE = "sqlite:///paretoformer.db"
DEFAULT_ARTIFACTS = "paretoformer-artifacts"
DEFAULT_TRIALS = 24
STORAGE_VARIABLE = "PARETOFORMER_STORAGE"
"""Names the database, to commands and to workers: a command line, which every user can read, is no place for a password."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A study's name, database and artefact folder."""

    study: str
    storage: str = DEFAULT_STORAGE
    artifacts: Path = Path(DEFAULT_ARTIFACTS)

    def __post_init__(self) -> None:
        if not self.study.strip():
            raise UserError("A study needs a name that is not empty.")


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much to work: totals over all resumes, and with how many processes; a time limit fails a trial.

    24 trials where neither trials nor hours are given.
    """

    trials: int | None = None
    hours: float | None = None
    workers: int = 1
    time_limit_s: float | None = None

    def __post_init__(self) -> None:
        named = {
            "--trials": self.trials,
            "--hours": self.hours,
            "--workers": self.workers,
            "--time-limit": self.time_limit_s,
        }
        for option, value in named.items():
            if value is not None and not value > 0:
                raise UserError(f"{option} is {value:g}; it must be above 0.")
            if value == math.inf:
                raise UserError(f"{option} is too large to be a number here; leave it out for no limit.")

    @property
    def limits(self) -> Limits:
        """When the study has enough."""
        unlimited = self.trials is None and self.hours is None
        return Limits(trials=DEFAULT_TRIALS if unlimited else self.trials, hours=self.hours)

    @property
    def worker_options(self) -> dict[str, float]:
        """What a worker process is told, by option."""
        given = {"trials": self.limits.trials, "hours": self.limits.hours, "time-limit": self.time_limit_s}
        return {name: value for name, value in given.items() if value is not None}
