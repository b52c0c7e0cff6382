"""Studies: made once, found by name."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from paretoformer.records.errors import UserError
from paretoformer.store.database import Database
from paretoformer.store.rows import Json, StudyRow, StudyState
from paretoformer.store.tables import study


class Studies:
    """The table of studies. A name that is not known is a UserError that lists those that are."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def create(self, name: str, *, spec: Json, seed: int, reference: Sequence[float] | None = None) -> StudyRow:
        """Make a study; `reference` is the hypervolume's reference point, one value an objective.

        Raises:
            UserError: the name is empty, or taken.
        """
        if not name.strip():
            raise UserError("A study needs a name that is not empty.")
        values = {
            "name": name,
            "spec": spec,
            "created": self._clock(),
            "seed": seed,
            "reference": None if reference is None else list(reference),
            "state": StudyState.RUNNING.value,
            "trials": 0,
            "outcomes": 0,
        }

        def work(connection: Connection) -> RowMapping:
            return connection.execute(insert(study).returning(study), values).mappings().one()

        try:
            return _row(self._database.write(work))
        except IntegrityError:
            raise UserError(
                f"'{name}' is a study of {self._database.where} already; resume it, or take another name."
            ) from None

    def find(self, name: str) -> StudyRow | None:
        """The study of that name, None where there is none."""
        row = self._database.read_one(select(study).where(study.c.name == name))
        return None if row is None else _row(row)

    def get(self, name: str) -> StudyRow:
        """The study of that name."""
        found = self.find(name)
        if found is None:
            raise self._unknown(name)
        return found

    def by_id(self, study_id: int) -> StudyRow:
        """The study with that id.

        Raises:
            UserError: it was deleted meanwhile.
        """
        row = self._database.read_one(select(study).where(study.c.id == study_id))
        if row is None:
            raise UserError(f"The study with id {study_id} was deleted from {self._database.where}.")
        return _row(row)

    def all(self) -> list[StudyRow]:
        """Every study, oldest first."""
        return [_row(row) for row in self._database.read(select(study).order_by(study.c.id))]

    def rename(self, name: str, new: str) -> StudyRow:
        """Give a study another name.

        Raises:
            UserError: no such study, or the new name is empty or taken.
        """
        if not new.strip():
            raise UserError("A study needs a name that is not empty.")
        try:
            changed = self._database.execute(update(study).where(study.c.name == name).values(name=new))
        except IntegrityError:
            raise UserError(f"'{new}' is a study of {self._database.where} already; take another name.") from None
        if not changed:
            raise self._unknown(name)
        return self.get(new)

    def delete(self, name: str) -> None:
        """Delete a study with its trials, fronts, workers and artifact rows; runs and measurements stay for other studies."""
        if not self._database.execute(delete(study).where(study.c.name == name)):
            raise self._unknown(name)

    def set_state(self, study_id: int, state: StudyState) -> None:
        """Say whether the study still searches."""
        self._update(study_id, state=state.value)

    def set_closing(self, study_id: int, closing: Json | None) -> None:
        """Say how far the end of the study is, and what went wrong there."""
        self._update(study_id, closing=closing)

    def _update(self, study_id: int, **values: object) -> None:
        if not self._database.execute(update(study).where(study.c.id == study_id).values(**values)):
            raise UserError(f"The study with id {study_id} was deleted from {self._database.where}.")

    def _unknown(self, name: str) -> UserError:
        names = ", ".join(row["name"] for row in self._database.read(select(study.c.name).order_by(study.c.name)))
        return UserError(f"'{name}' is not a study of {self._database.where}; studies: {names or 'none'}.")


def _row(row: RowMapping) -> StudyRow:
    reference = row["reference"]
    return StudyRow(
        **{
            **row,
            "state": StudyState(row["state"]),
            "reference": None if reference is None else tuple(reference),
        }
    )
