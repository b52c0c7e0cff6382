"""Fronts of studies, as they were reported."""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from paretoformer.store.database import Database
from paretoformer.store.rows import FrontMemberRow
from paretoformer.store.tables import front_member, study

_LOCK = update(study).where(study.c.id == bindparam("of")).values(state=study.c.state)
_CLEAR = delete(front_member).where(front_member.c.study == bindparam("of"))
_ALL = (
    select(front_member.c.target, front_member.c.trial, front_member.c.rank, front_member.c.tied)
    .where(front_member.c.study == bindparam("of"))
    .order_by(front_member.c.target, front_member.c.rank)
)


class Fronts:
    """The table of front members: those of a study stand together or not at all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, study_id: int, members: Iterable[FrontMemberRow]) -> None:
        """Put all fronts of a study in the place of those that stood; nothing happens where the study is gone."""
        rows = [{"study": study_id, **vars(member)} for member in members]

        def work(connection: Connection) -> None:
            if not connection.execute(_LOCK, {"of": study_id}).rowcount:
                return
            connection.execute(_CLEAR, {"of": study_id})
            if rows:
                connection.execute(insert(front_member), rows)

        self._database.write(work)

    def all(self, study_id: int) -> list[FrontMemberRow]:
        """The members of every front, each front in the order of its first objective."""
        return [FrontMemberRow(**row) for row in self._database.read(_ALL, {"of": study_id})]
