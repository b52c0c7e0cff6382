"""Stations, one a host, and what is asked of them."""

from collections.abc import Callable

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from paretoformer.store.database import Database
from paretoformer.store.rows import Json, QuestionRow, StationRow
from paretoformer.store.tables import question, station

_MINE = (station.c.host == bindparam("at"), station.c.id == bindparam("its_id"))
_BEAT = update(station).where(*_MINE).values(heartbeat=station.c.heartbeat + 1)
_LEAVE = delete(station).where(*_MINE)
_AT = select(station).where(station.c.host == bindparam("at"))
_NEXT = (
    select(question.c.id, question.c.kind, question.c.asked)
    .where(question.c.host == bindparam("at"), question.c.answer.is_(None))
    .order_by(question.c.id)
    .limit(1)
)
_ANSWER = update(question).where(question.c.id == bindparam("its_id"))
_READ = select(question.c.answer).where(question.c.id == bindparam("its_id"))
_DROP = delete(question).where(question.c.id == bindparam("its_id"))


class Stations:
    """The table of stations: a later one takes the place of an earlier one of its host."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def arrive(self, host: str, station_id: str, *, pid: int, version: str) -> None:
        """Be the station of a host from now on."""
        values = {"host": host, "id": station_id, "pid": pid, "version": version, "started": self._clock()}

        def work(connection: Connection) -> None:
            connection.execute(delete(station).where(station.c.host == host))
            connection.execute(insert(station).values(**values, heartbeat=0))

        self._database.write(work)

    def beat(self, host: str, station_id: str) -> bool:
        """Raise the heartbeat counter; False where another has taken the place."""
        return self._database.execute(_BEAT, {"at": host, "its_id": station_id}) == 1

    def leave(self, host: str, station_id: str) -> None:
        """Be its station no longer; one that took the place stays."""
        self._database.execute(_LEAVE, {"at": host, "its_id": station_id})

    def find(self, host: str) -> StationRow | None:
        """The station of a host, None where there is none."""
        row = self._database.read_one(_AT, {"at": host})
        return None if row is None else StationRow(**row)

    def all(self) -> list[StationRow]:
        """Every station, by host."""
        return [StationRow(**row) for row in self._database.read(select(station).order_by(station.c.host))]


class Questions:
    """The table of questions, answered in the order in which they were asked."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def ask(self, host: str, kind: str, asked: Json) -> int:
        """Ask something of a host's station; the id by which the answer is found."""
        values = {"host": host, "kind": kind, "asked": asked, "created": self._clock()}

        def work(connection: Connection) -> int:
            return int(connection.execute(insert(question).returning(question.c.id), values).scalar_one())

        return self._database.write(work)

    def next(self, host: str) -> QuestionRow | None:
        """The oldest question of a host that has no answer yet."""
        row = self._database.read_one(_NEXT, {"at": host})
        return None if row is None else QuestionRow(**row)

    def answer(self, question_id: int, answer: Json) -> None:
        """Answer a question; nothing happens where nobody waits for it any more."""
        self._database.execute(_ANSWER.values(answer=answer), {"its_id": question_id})

    def read(self, question_id: int) -> Json | None:
        """The answer, None as long as there is none."""
        row = self._database.read_one(_READ, {"its_id": question_id})
        return None if row is None else row["answer"]

    def drop(self, question_id: int) -> None:
        """Take a question back, or its answer away."""
        self._database.execute(_DROP, {"its_id": question_id})
