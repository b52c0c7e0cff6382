"""What has a digest: signatures, architectures, models, tasks, recipes, devices; each is written once and stays."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, select, update

from paretoformer.store.database import Database
from paretoformer.store.rows import DeviceRow, Json, TaskRow
from paretoformer.store.tables import device, model, task


class Specs:
    """A table of JSON specs by digest: the signatures, the architectures, or the recipes."""

    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self._table = table
        self._insert = database.insert_or_ignore(table)

    def put(self, digest: str, spec: Json) -> None:
        """Store a spec; nothing happens where the digest is stored already."""
        self._database.execute(self._insert, {"digest": digest, "spec": spec})

    def get(self, digest: str) -> Json | None:
        """The spec with that digest, None where there is none."""
        row = self._database.read_one(select(self._table).where(self._table.c.digest == digest))
        return None if row is None else row["spec"]


class Models:
    """What was counted of a model, which is an architecture for a signature."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = database.insert_or_ignore(model)

    def put(self, architecture: str, signature: str, counts: Mapping[str, Any]) -> None:
        """Store counts by cost name, beside those that the model has already: another study may have asked for others."""
        key = (model.c.architecture == architecture, model.c.signature == signature)

        def work(connection: Connection) -> None:
            values = {"architecture": architecture, "signature": signature, "counts": dict(counts)}
            connection.execute(self._insert, values)
            known = connection.execute(select(model.c.counts).where(*key)).scalar_one()
            if not counts.keys() <= known.keys():
                connection.execute(update(model).where(*key).values(counts={**known, **counts}))

        self._database.write(work)

    def counts(self, architecture: str, signature: str) -> Json | None:
        """The counts of a model, None where none are stored."""
        key = (model.c.architecture == architecture, model.c.signature == signature)
        row = self._database.read_one(select(model.c.counts).where(*key))
        return None if row is None else row["counts"]


class Tasks:
    """The table of tasks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = database.insert_or_ignore(task)

    def put(self, digest: str, spec: Json, data_hash: str) -> None:
        """Store a task; nothing happens where the digest is stored already."""
        self._database.execute(self._insert, {"digest": digest, "spec": spec, "data_hash": data_hash})

    def get(self, digest: str) -> TaskRow | None:
        """The task with that digest, None where there is none."""
        row = self._database.read_one(select(task).where(task.c.digest == digest))
        return None if row is None else TaskRow(**row)


class Devices:
    """The table of devices."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = database.insert_or_ignore(device)

    def put(self, digest: str, name: str, fingerprint: Json) -> None:
        """Store a device; nothing happens where the digest is stored already."""
        self._database.execute(self._insert, {"digest": digest, "name": name, "fingerprint": fingerprint})

    def get(self, digest: str) -> DeviceRow | None:
        """The device with that digest, None where there is none."""
        row = self._database.read_one(select(device).where(device.c.digest == digest))
        return None if row is None else DeviceRow(**row)

    def all(self) -> list[DeviceRow]:
        """Every device, by name."""
        return [DeviceRow(**row) for row in self._database.read(select(device).order_by(device.c.name))]
