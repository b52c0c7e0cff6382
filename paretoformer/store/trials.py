"""Trials: reserved with a number, written under their owner's lease, ended in commit order."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Connection, Integer, RowMapping, Update, bindparam, func, insert, null, select, update

from paretoformer.records.trial import Outcome, Point, TrialState
from paretoformer.store.database import Database
from paretoformer.store.errors import LeaseLost
from paretoformer.store.rows import Json, LiveTrial, TrialRow
from paretoformer.store.tables import study, trial

_NO_LIMIT = 2**31 - 1
_IS_LIVE = trial.c.outcome.is_(None)
_MEMO = func.coalesce(bindparam("new_memo", type_=JSON(none_as_null=True)), trial.c.memo)

_NEXT_NUMBER = (
    update(study)
    .where(study.c.id == bindparam("of"), study.c.trials < bindparam("limit"))
    .values(trials=study.c.trials + 1)
    .returning(study.c.trials, study.c.outcomes)
)
_NEXT_OUTCOME = (
    update(study).where(study.c.id == bindparam("of")).values(outcomes=study.c.outcomes + 1).returning(study.c.outcomes)
)
_INSERT = insert(trial).returning(trial)


def _guarded(**values: Any) -> Update:
    leased = (trial.c.id == bindparam("its_id"), trial.c.owner == bindparam("its_owner"))
    current = (trial.c.epoch == bindparam("its_epoch"), _IS_LIVE)
    return update(trial).where(*leased, *current).values(**values).returning(trial)


_PROPOSE = _guarded(point=bindparam("new_point"), architecture=bindparam("new_architecture"), memo=_MEMO)
_RUN = _guarded(state=TrialState.RUNNING.value, run=bindparam("new_run"))
_GOT_ON = _guarded(deaths=0)
_END = _guarded(
    state=bindparam("new_state"),
    reason=bindparam("new_reason"),
    objective_values=bindparam("new_values"),
    violations=bindparam("new_violations"),
    memo=_MEMO,
    seconds=bindparam("new_seconds"),
    joules=bindparam("new_joules", type_=JSON(none_as_null=True)),
    outcome=bindparam("new_outcome"),
    ended=bindparam("new_ended"),
)
_SPENT = select(trial.c.seconds, trial.c.joules).where(trial.c.id == bindparam("its_id")).with_for_update()
_ADD_SPENT = (
    update(trial)
    .where(trial.c.id == bindparam("its_id"))
    .values(seconds=bindparam("new_seconds"), joules=bindparam("new_joules", type_=JSON(none_as_null=True)))
)
_BEAT = update(trial).where(trial.c.owner == bindparam("its_owner"), _IS_LIVE).values(heartbeat=trial.c.heartbeat + 1)
_RELEASE = update(trial).where(trial.c.owner == bindparam("its_owner"), _IS_LIVE).values(owner=null())
_TAKE_OVER = (
    update(trial)
    .where(
        trial.c.id == bindparam("its_id"),
        trial.c.epoch == bindparam("its_epoch"),
        trial.c.heartbeat == bindparam("its_heartbeat"),
        _IS_LIVE,
    )
    .values(
        owner=bindparam("new_owner"),
        epoch=trial.c.epoch + 1,
        deaths=trial.c.deaths + bindparam("more_deaths", type_=Integer),
    )
    .returning(trial)
)
_LIVE = (
    select(trial.c.id, trial.c.number, trial.c.owner, trial.c.epoch, trial.c.heartbeat)
    .where(trial.c.study == bindparam("of"), _IS_LIVE)
    .order_by(trial.c.number)
)
_OUTCOMES = (
    select(trial.c.number, trial.c.state, trial.c.point, trial.c.objective_values, trial.c.violations, trial.c.memo)
    .where(trial.c.study == bindparam("of"), trial.c.outcome > bindparam("after"), trial.c.outcome <= bindparam("upto"))
    .order_by(trial.c.outcome)
)
_ALL = select(trial).where(trial.c.study == bindparam("of")).order_by(trial.c.number)
_ONE = select(trial).where(trial.c.study == bindparam("of"), trial.c.number == bindparam("its_number"))
_COUNTS = (
    select(trial.c.state, func.count().label("count")).where(trial.c.study == bindparam("of")).group_by(trial.c.state)
)


class Trials:
    """The table of trials. A trial's row names the lease under which it is written: its owner and epoch."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def reserve(self, study_id: int, owner: str, *, limit: int | None = None) -> TrialRow | None:
        """Take the next number of a study, from 1 and without gaps, and note the outcomes known so far.

        Returns:
            The trial, or None where `limit` trials are numbered already (or the study is gone).
        """

        def work(connection: Connection) -> TrialRow | None:
            parameters = {"of": study_id, "limit": _NO_LIMIT if limit is None else limit}
            numbered = connection.execute(_NEXT_NUMBER, parameters).one_or_none()
            if numbered is None:
                return None
            values = {
                "study": study_id,
                "number": numbered.trials,
                "history": numbered.outcomes,
                "state": TrialState.RESERVED.value,
                "owner": owner,
                "epoch": 1,
                "heartbeat": 0,
                "started": self._clock(),
            }
            return trial_row(connection.execute(_INSERT, values).mappings().one())

        return self._database.write(work)

    def propose(
        self, trial: TrialRow, *, point: Point, architecture: str | None = None, memo: Json | None = None
    ) -> TrialRow:
        """Write what the engine proposed and the digest of the architecture that it stands for, None where invalid.

        Raises:
            LeaseLost: the trial is another's, or has ended.
        """
        new = {"new_point": point, "new_architecture": architecture, "new_memo": memo}
        return self._database.write(lambda connection: _write(connection, _PROPOSE, trial, new))

    def set_running(self, trial: TrialRow, *, run: int | None = None) -> TrialRow:
        """Say that the trial is being measured and trained, and by which run.

        Raises:
            LeaseLost: the trial is another's, or has ended.
        """
        return self._database.write(lambda connection: _write(connection, _RUN, trial, {"new_run": run}))

    def got_on(self, trial: TrialRow) -> TrialRow:
        """Forget the deaths of earlier owners: something of the trial was kept that the next one goes on from.

        Raises:
            LeaseLost: the trial is another's, or has ended already.
        """
        return self._database.write(lambda connection: _write(connection, _GOT_ON, trial, {}))

    def end(
        self,
        trial: TrialRow,
        state: TrialState,
        *,
        reason: str | None = None,
        values: Sequence[float] = (),
        violations: Mapping[str, float] | None = None,
        memo: Json | None = None,
        seconds: Mapping[str, float] | None = None,
        joules: Json | None = None,
    ) -> TrialRow:
        """Write a trial's end and give it the next outcome number of its study; a memo of None keeps the one it has.

        Seconds and joules are what was spent since `add_spent` last, by whichever attempt, and are added to that.

        Raises:
            LeaseLost: the trial is another's, or has ended already.
            ValueError: a value that is not finite.
        """
        assert state.ended, f"{state} is not an end"

        def work(connection: Connection) -> TrialRow:
            outcome = connection.execute(_NEXT_OUTCOME, {"of": trial.study}).scalar_one_or_none()
            row = connection.execute(_SPENT, {"its_id": trial.id}).one_or_none()
            before = (None, None) if row is None else (row.seconds, row.joules)
            new = {
                "new_state": state.value,
                "new_reason": reason,
                "new_values": list(values),
                "new_violations": dict(violations or {}),
                "new_memo": memo,
                "new_seconds": _added(before[0], seconds),
                "new_joules": _added(before[1], joules) or None,
                "new_outcome": outcome,
                "new_ended": self._clock(),
            }
            return _write(connection, _END, trial, new)

        return self._database.write(work)

    def add_spent(self, trial_id: int, *, seconds: Mapping[str, float], joules: Json | None = None) -> None:
        """Add to what a trial has cost, ended or not, kind by kind; a reason why joules are unknown stays as it was first."""

        def work(connection: Connection) -> None:
            row = connection.execute(_SPENT, {"its_id": trial_id}).one_or_none()
            if row is None:  # its study was deleted meanwhile
                return
            new = {
                "its_id": trial_id,
                "new_seconds": _added(row.seconds, seconds),
                "new_joules": _added(row.joules, joules) if row.joules or joules else None,
            }
            connection.execute(_ADD_SPENT, new)

        self._database.write(work)

    def heartbeat(self, owner: str) -> int:
        """Raise the counter of every live trial of an owner; how many there are."""
        return self._database.execute(_BEAT, {"its_owner": owner})

    def live(self, study_id: int) -> list[LiveTrial]:
        """The trials of a study that have not ended, by number."""
        return [LiveTrial(**row) for row in self._database.read(_LIVE, {"of": study_id})]

    def take_over(self, seen: LiveTrial | TrialRow, owner: str, *, died: bool = False) -> TrialRow | None:
        """Become the owner of a trial whose counter stood still, or that was released.

        Args:
            seen: the trial, as it was when it was looked at.
            owner: the heir.
            died: whether the worker before is known to have died at it.

        Returns:
            The trial with its epoch raised; None where it ended, its owner beat, or another was faster since `seen`.
        """
        parameters = {
            "its_id": seen.id,
            "its_epoch": seen.epoch,
            "its_heartbeat": seen.heartbeat,
            "new_owner": owner,
            "more_deaths": int(died),
        }

        def work(connection: Connection) -> TrialRow | None:
            taken = connection.execute(_TAKE_OVER, parameters).mappings().one_or_none()
            return None if taken is None else trial_row(taken)

        return self._database.write(work)

    def release(self, owner: str) -> int:
        """Hand every live trial of an owner back, to be taken over at once; how many there were."""
        return self._database.execute(_RELEASE, {"its_owner": owner})

    def outcomes(self, study_id: int, *, after: int = 0, upto: int | None = None) -> list[Outcome]:
        """The ends number `after` + 1 to `upto` (None: the last) of a study, in commit order, without gaps."""
        parameters = {"of": study_id, "after": after, "upto": _NO_LIMIT if upto is None else upto}
        return [_outcome(row) for row in self._database.read(_OUTCOMES, parameters)]

    def all(self, study_id: int) -> list[TrialRow]:
        """Every trial of a study, by number."""
        return [trial_row(row) for row in self._database.read(_ALL, {"of": study_id})]

    def get(self, study_id: int, number: int) -> TrialRow | None:
        """The trial with that number, None where there is none."""
        row = self._database.read_one(_ONE, {"of": study_id, "its_number": number})
        return None if row is None else trial_row(row)

    def counts(self, study_id: int) -> dict[TrialState, int]:
        """How many trials of a study stand in each state, zeros included."""
        found = {row["state"]: row["count"] for row in self._database.read(_COUNTS, {"of": study_id})}
        return {state: found.get(state.value, 0) for state in TrialState}


def _write(connection: Connection, statement: Update, trial: TrialRow, new: Mapping[str, Any]) -> TrialRow:
    guard = {"its_id": trial.id, "its_owner": trial.owner, "its_epoch": trial.epoch}
    row = connection.execute(statement, {**guard, **new}).mappings().one_or_none()
    if row is None:
        raise LeaseLost(f"trial {trial.number} is no longer {trial.owner}'s in epoch {trial.epoch}, or has ended")
    return trial_row(row)


def _added(one: Json | None, other: Mapping[str, Any] | None) -> Json:
    """Numbers of both added up by name; of words the first stay."""
    found = dict(one or {})
    for name, value in (other or {}).items():
        known = found.get(name)
        found[name] = value if known is None else known if isinstance(known, str) else known + value
    return found


def trial_row(row: RowMapping) -> TrialRow:
    """A row of the table as its record."""
    fields = dict(row)
    fields["state"] = TrialState(fields["state"])
    fields["values"] = tuple(fields.pop("objective_values") or ())
    fields["violations"] = fields["violations"] or {}
    fields["seconds"] = fields["seconds"] or {}
    return TrialRow(**fields)


def _outcome(row: RowMapping) -> Outcome:
    return Outcome(
        number=row["number"],
        state=TrialState(row["state"]),
        point=row["point"] or {},
        values=tuple(row["objective_values"]),
        violations=row["violations"],
        memo=row["memo"],
    )
