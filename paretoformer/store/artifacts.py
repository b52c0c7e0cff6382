"""Artifacts: files made of a study or a trial, each with its hash."""

from collections.abc import Callable

from sqlalchemy import Connection, RowMapping, insert, select

from paretoformer.store.database import Database
from paretoformer.store.rows import ArtifactRow
from paretoformer.store.tables import artifact


class Artifacts:
    """The table of artifacts."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def add(
        self, study_id: int, *, kind: str, file: str, sha256: str, trial: int | None = None, verified: bool = False
    ) -> ArtifactRow:
        """Add a file of a study, or of the trial with id `trial`."""
        values = {
            "study": study_id,
            "trial": trial,
            "kind": kind,
            "file": file,
            "sha256": sha256,
            "verified": verified,
            "created": self._clock(),
        }

        def work(connection: Connection) -> RowMapping:
            return connection.execute(insert(artifact).returning(artifact), values).mappings().one()

        return ArtifactRow(**self._database.write(work))

    def all(self, study_id: int, *, trial: int | None = None, kind: str | None = None) -> list[ArtifactRow]:
        """The artifacts of a study, oldest first; of one trial (its id) and one kind where these are given."""
        wanted = {"trial": trial, "kind": kind}
        given = [artifact.c[name] == value for name, value in wanted.items() if value is not None]
        statement = select(artifact).where(artifact.c.study == study_id, *given).order_by(artifact.c.id)
        return [ArtifactRow(**row) for row in self._database.read(statement)]

    def newest(self, study_id: int, *, trial: int | None = None, kind: str | None = None) -> ArtifactRow | None:
        """The last that `all` lists, None where it lists none."""
        found = self.all(study_id, trial=trial, kind=kind)
        return found[-1] if found else None
