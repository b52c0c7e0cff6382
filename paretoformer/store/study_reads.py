"""What a report needs of a whole study, in a fixed number of statements however many trials there are."""

from collections.abc import Callable

from sqlalchemy import bindparam, select

from paretoformer.records.trial import Score
from paretoformer.store.database import Database
from paretoformer.store.measurements import measurement_row
from paretoformer.store.rows import Json, MeasurementRow, RunRow, TrialRow
from paretoformer.store.runs import run_row, score_row
from paretoformer.store.tables import architecture, measurement, model, run, score, trial
from paretoformer.store.trials import trial_row

_ITS_ARCHITECTURES = select(trial.c.architecture).where(
    trial.c.study == bindparam("of"), trial.c.architecture.is_not(None)
)
_ITS_RUNS = select(trial.c.run).where(trial.c.study == bindparam("of"), trial.c.run.is_not(None))

_RUNS = select(run).where(run.c.id.in_(_ITS_RUNS))
_SCORES = select(score).where(score.c.run.in_(_ITS_RUNS)).order_by(score.c.run, score.c.rung)
_ARCHITECTURES = select(architecture).where(architecture.c.digest.in_(_ITS_ARCHITECTURES))
_COUNTS = select(model).where(
    model.c.signature == bindparam("its_signature"), model.c.architecture.in_(_ITS_ARCHITECTURES)
)
_MEASUREMENTS = (
    select(measurement)
    .where(measurement.c.signature == bindparam("its_signature"), measurement.c.architecture.in_(_ITS_ARCHITECTURES))
    .order_by(measurement.c.id)
)
_OF_RUN = (
    select(trial).where(trial.c.study == bindparam("of"), trial.c.run == bindparam("its_run")).order_by(trial.c.number)
)
_SPANS = (
    select(trial.c.started, trial.c.ended).where(trial.c.study == bindparam("of")).order_by(trial.c.started, trial.c.id)
)


class StudyReads:
    """Reads over all trials of one study."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def runs(self, study_id: int) -> dict[int, RunRow]:
        """The runs that the study's trials name, by id."""
        return {row["id"]: run_row(row) for row in self._database.read(_RUNS, {"of": study_id})}

    def scores(self, study_id: int) -> dict[int, list[Score]]:
        """The scores of these runs, by run and then in the order of rungs."""
        found: dict[int, list[Score]] = {}
        for row in self._database.read(_SCORES, {"of": study_id}):
            found.setdefault(row["run"], []).append(score_row(row))
        return found

    def architectures(self, study_id: int) -> dict[str, Json]:
        """The specs of the study's architectures, by digest."""
        return {row["digest"]: row["spec"] for row in self._database.read(_ARCHITECTURES, {"of": study_id})}

    def counts(self, study_id: int, signature: str) -> dict[str, Json]:
        """The counts of the study's models, by architecture."""
        rows = self._database.read(_COUNTS, {"of": study_id, "its_signature": signature})
        return {row["architecture"]: row["counts"] for row in rows}

    def measurements(self, study_id: int, signature: str) -> list[MeasurementRow]:
        """Every measurement of the study's models, oldest first, those made outside any study before all: the last ones count."""
        rows = self._database.read(_MEASUREMENTS, {"of": study_id, "its_signature": signature})
        return sorted(map(measurement_row, rows), key=lambda row: not row.measurement.outside)

    def trials_of_run(self, study_id: int, run_id: int) -> list[TrialRow]:
        """The study's trials that share a run, by number."""
        rows = self._database.read(_OF_RUN, {"of": study_id, "its_run": run_id})
        return [trial_row(row) for row in rows]

    def active_seconds(self, study_id: int) -> float:
        """Seconds in which at least one trial was under way: the union of their spans, live ones up to now."""
        now = self._clock()
        total, until = 0.0, float("-inf")
        for row in self._database.read(_SPANS, {"of": study_id}):
            end = now if row["ended"] is None else row["ended"]
            total += max(0.0, end - max(row["started"], until))
            until = max(until, end)
        return total
