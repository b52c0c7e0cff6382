"""How far a study is, for a live view."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from paretoformer.records.trial import TrialState
from paretoformer.store import Store
from paretoformer.store.rows import StudyRow, StudyState
from paretoformer.studies.closing import Closing
from paretoformer.studies.front import hypervolume, nondominated
from paretoformer.studies.limits import Limits
from paretoformer.studies.seconds import KINDS
from paretoformer.studies.study import Study


@dataclass(frozen=True, kw_only=True)
class Progress:
    """`front` and `hypervolume` are by medians, once the study has ended those of its noise-aware front.

    `left_s` is None before the first end and where no limit is near; `closing` says how far its end is.
    """

    states: Mapping[TrialState, int]
    limits: Limits
    front: int
    hypervolume: float
    seconds: Mapping[str, float]
    left_s: float | None
    closing: Closing = Closing()

    @property
    def numbered(self) -> int:
        """Trials that have a number."""
        return sum(self.states.values())

    @property
    def ended(self) -> int:
        """Trials that have ended, however."""
        return sum(count for state, count in self.states.items() if state.ended)


class ProgressReader:
    """Reads a study's progress; rows are read again only when a trial has ended."""

    def __init__(self, store: Store, study: int, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._study, self._limits, self._clock = store, study, limits, clock
        self._began = clock()
        self._ended_at_start: int | None = None
        self._seen: tuple[int, StudyState] | None = None
        self._front, self._hypervolume = 0, 0.0
        self._seconds = dict.fromkeys(KINDS, 0.0)

    def read(self) -> Progress:
        """Progress now."""
        row = self._store.studies.by_id(self._study)
        if (row.outcomes, row.state) != self._seen:
            self._seen = (row.outcomes, row.state)
            self._read_ends(row)
        states = self._store.trials.counts(self._study)
        return Progress(
            states=states,
            limits=self._limits,
            front=self._front,
            hypervolume=self._hypervolume,
            seconds=self._seconds,
            left_s=self._left(row.outcomes),
            closing=Closing() if _under_way(states) else Closing.from_json(row.closing),
        )

    def _read_ends(self, row: StudyRow) -> None:
        trials = self._store.trials.all(self._study)
        self._seconds = {kind: sum(trial.seconds.get(kind, 0.0) for trial in trials) for kind in KINDS}
        if row.state is StudyState.ENDED:
            study = Study(self._store, self._study)
            self._front, self._hypervolume = len(study.front()), study.hypervolume()
            return
        values = np.array([trial.values for trial in trials if trial.state is TrialState.COMPLETE])
        self._front = len(np.unique(values[nondominated(values)], axis=0)) if len(values) else 0
        self._hypervolume = hypervolume(values, row.reference) if len(values) and row.reference else 0.0

    def _left(self, ended: int) -> float | None:
        if self._ended_at_start is None:
            self._ended_at_start = ended
        here = ended - self._ended_at_start
        elapsed = self._clock() - self._began
        guesses = []
        if self._limits.trials is not None and here > 0:
            guesses.append(elapsed / here * max(0, self._limits.trials - ended))
        if self._limits.hours is not None:
            guesses.append(max(0.0, self._limits.hours * 3600 - self._store.reads.active_seconds(self._study)))
        return min(guesses, default=None)


def _under_way(states: Mapping[TrialState, int]) -> bool:
    return any(count and not state.ended for state, count in states.items())
