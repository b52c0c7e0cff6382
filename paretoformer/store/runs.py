"""Runs and their scores: made once for a key, and found again across studies."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, exists, select, update

from paretoformer.records.trial import Score
from paretoformer.store.database import Database
from paretoformer.store.rows import RunRow, RunState
from paretoformer.store.tables import run, score, trial

_BY_KEY = select(run).where(run.c.key == bindparam("its_key"))
_BY_ID = select(run).where(run.c.id == bindparam("its_id"))
_FINISH = (
    update(run)
    .where(run.c.id == bindparam("its_id"))
    .values(state=bindparam("new_state"), seconds=bindparam("new_seconds"), error=bindparam("new_error"))
)
_STOP = (
    update(run)
    .where(
        run.c.key.in_(bindparam("wanted", expanding=True)),
        run.c.state == RunState.RUNNING.value,
        ~exists().where(trial.c.run == bindparam("the_first"), trial.c.outcome.is_(None)),
    )
    .values(state=RunState.STOPPED.value)
)
_SCORES = select(score).where(score.c.run == bindparam("its_run")).order_by(score.c.rung, score.c.split, score.c.metric)

_OF_KEYS = select(run).where(run.c.key.in_(bindparam("wanted", expanding=True)))
_SCORES_OF = (
    select(score)
    .where(score.c.run.in_(bindparam("wanted", expanding=True)))
    .order_by(score.c.run, score.c.rung, score.c.split, score.c.metric)
)
MOST_NAMED = 500
"""So many keys are asked for in one statement; databases bound the number of parameters."""


class Runs:
    """The tables of runs and scores."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = database.insert_or_ignore(run)
        self._insert_score = database.insert_or_ignore(score)

    def find(self, key: str) -> RunRow | None:
        """The run with that key, None where there is none."""
        row = self._database.read_one(_BY_KEY, {"its_key": key})
        return None if row is None else run_row(row)

    def of_keys(self, keys: Sequence[str]) -> list[RunRow]:
        """The runs with these keys, of those that there are."""
        return [run_row(row) for row in self._named(_OF_KEYS, keys)]

    def scores_of(self, runs: Sequence[int]) -> dict[int, list[Score]]:
        """The scores of several runs, by run and then in the order of rungs."""
        found: dict[int, list[Score]] = {}
        for row in self._named(_SCORES_OF, runs):
            found.setdefault(row["run"], []).append(score_row(row))
        return found

    def get(self, run_id: int) -> RunRow:
        """The run with that id, which a trial named."""
        row = self._database.read_one(_BY_ID, {"its_id": run_id})
        assert row is not None, f"run {run_id} does not exist"
        return run_row(row)

    def create_or_get(
        self, key: str, *, architecture: str, signature: str, task: str, recipe: str, seed: int
    ) -> RunRow:
        """The run with that key, made now in state running where it is new; the digests must be stored already."""
        values = {
            "key": key,
            "architecture": architecture,
            "signature": signature,
            "task": task,
            "recipe": recipe,
            "seed": seed,
            "state": RunState.RUNNING.value,
        }

        def work(connection: Connection) -> RowMapping:
            connection.execute(self._insert, values)
            return connection.execute(_BY_KEY, {"its_key": key}).mappings().one()

        return run_row(self._database.write(work))

    def set_state(
        self, run_id: int, state: RunState, *, seconds: float | None = None, error: str | None = None
    ) -> None:
        """Write how a run stands: its end with training seconds and error, or running again."""
        new = {"its_id": run_id, "new_state": state.value, "new_seconds": seconds, "new_error": error}
        self._database.execute(_FINISH, new)

    def stop(self, first: int, keys: Sequence[str]) -> None:
        """Mark those of the replicates `keys` that are running as stopped, unless a live trial of any study has the run `first`."""
        self._database.execute(_STOP, {"the_first": first, "wanted": list(keys)})

    def add_scores(self, run_id: int, scores: Sequence[Score]) -> None:
        """Add scores; one that stands already (same rung, split and metric) stays as it was."""
        rows = [{"run": run_id, **vars(each)} for each in scores]
        if rows:
            self._database.write(lambda connection: connection.execute(self._insert_score, rows))

    def scores(self, run_id: int, split: str | None = None) -> list[Score]:
        """A run's scores by rung, of one split or of all."""
        rows = self._database.read(_SCORES, {"its_run": run_id})
        return [score_row(row) for row in rows if split in (None, row["split"])]

    def _named(self, statement: Select[Any], wanted: Sequence[str] | Sequence[int]) -> Iterator[RowMapping]:
        for start in range(0, len(wanted), MOST_NAMED):
            yield from self._database.read(statement, {"wanted": list(wanted[start : start + MOST_NAMED])})


def run_row(row: RowMapping) -> RunRow:
    """A row of the table as its record."""
    return RunRow(**{**row, "state": RunState(row["state"])})


def score_row(row: RowMapping) -> Score:
    """A row of the table as its record."""
    return Score(**{name: value for name, value in row.items() if name != "run"})
