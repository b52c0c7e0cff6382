"""Workers: the processes that work on a study."""

from collections.abc import Callable

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from paretoformer.store.database import Database
from paretoformer.store.rows import WorkerRow, WorkerState
from paretoformer.store.tables import worker

_BEAT = update(worker).where(worker.c.id == bindparam("its_id")).values(heartbeat=worker.c.heartbeat + 1)
_LEAVE = update(worker).where(worker.c.id == bindparam("its_id")).values(state=WorkerState.LEFT.value)
_ALL = select(worker).where(worker.c.study == bindparam("of")).order_by(worker.c.started, worker.c.id)


class Workers:
    """The table of workers."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def register(
        self, worker_id: str, *, study_id: int, host: str, pid: int, process_started: float, version: str
    ) -> WorkerRow:
        """Add a worker; `worker_id` is new and owns its trials, `version` is the package's."""
        values = {
            "id": worker_id,
            "study": study_id,
            "host": host,
            "pid": pid,
            "process_started": process_started,
            "version": version,
            "started": self._clock(),
            "heartbeat": 0,
            "state": WorkerState.RUNNING.value,
        }

        def work(connection: Connection) -> RowMapping:
            return connection.execute(insert(worker).returning(worker), values).mappings().one()

        return _row(self._database.write(work))

    def beat(self, worker_id: str) -> None:
        """Raise a worker's heartbeat counter."""
        self._database.execute(_BEAT, {"its_id": worker_id})

    def leave(self, worker_id: str) -> None:
        """Say that a worker has left in good order."""
        self._database.execute(_LEAVE, {"its_id": worker_id})

    def all(self, study_id: int) -> list[WorkerRow]:
        """Every worker that a study ever had, in the order of their start."""
        return [_row(row) for row in self._database.read(_ALL, {"of": study_id})]


def _row(row: RowMapping) -> WorkerRow:
    return WorkerRow(**{**row, "state": WorkerState(row["state"])})
