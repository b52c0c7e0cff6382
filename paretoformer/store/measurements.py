"""Measurements, the visits that they are made of, and the calibrations of reference models."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, bindparam, delete, insert, select

from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.store.database import Database
from paretoformer.store.rows import CalibrationKey, Json, MeasurementKey, MeasurementRow, VisitRow
from paretoformer.store.tables import calibration, measurement, visit


def _at_key(table: Table) -> list[Any]:
    names = ("architecture", "signature", "device", "target", "method", "method_version")
    return [table.c[name] == bindparam(name) for name in names]


_NEWEST_FIRST = (
    select(measurement)
    .where(*_at_key(measurement), measurement.c.quantity == bindparam("quantity"))
    .order_by(measurement.c.id.desc())
)
_VISITS = select(visit.c.id, visit.c.trial, visit.c.result, visit.c.created).where(*_at_key(visit)).order_by(visit.c.id)
_AT_CALIBRATION = [
    calibration.c[name] == bindparam(name) for name in ("device", "target", "family", "method", "method_version")
]
_CALIBRATION = select(calibration.c.result).where(*_AT_CALIBRATION)


class Measurements:
    """The table of measurements: rows are only added, and the newest is read, that of a study before others."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def add(self, key: MeasurementKey, measured: Iterable[Measurement]) -> None:
        """Add measurements that were made under one key, all of them or none.

        Raises:
            ValueError: a number that is not finite.
        """
        now = self._clock()
        rows = [_values(key, each, now) for each in measured]
        if rows:
            self._database.write(lambda connection: connection.execute(insert(measurement), rows))

    def find(self, key: MeasurementKey, quantity: str) -> Measurement | None:
        """The newest measurement of a quantity that was made for a study, else the newest; None where there is none."""
        rows = self._database.read(_NEWEST_FIRST, {**vars(key), "quantity": quantity})
        found = [_measurement(row) for row in rows]
        return next((each for each in found if not each.outside), found[0] if found else None)

    def all(
        self, *, quantity: str | None = None, target: str | None = None, device: str | None = None
    ) -> list[MeasurementRow]:
        """Every measurement, oldest first, of a quantity, target and device where these are given."""
        wanted = {"quantity": quantity, "target": target, "device": device}
        given = [measurement.c[name] == value for name, value in wanted.items() if value is not None]
        rows = self._database.read(select(measurement).where(*given).order_by(measurement.c.id))
        return [measurement_row(row) for row in rows]


class Visits:
    """The table of visits, in the order in which they were made."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def add(self, key: MeasurementKey, result: Json, *, trial: int | None = None) -> None:
        """Add what one visit measured; `trial` is the id of the trial that it was made for."""
        values = {**vars(key), "result": result, "trial": trial, "created": self._clock()}
        self._database.execute(insert(visit), values)

    def find(self, key: MeasurementKey) -> list[VisitRow]:
        """Every visit of a model on a target by one method, oldest first."""
        return [VisitRow(**row) for row in self._database.read(_VISITS, vars(key))]


class Calibrations:
    """The table of calibrations: what is written first stays, so that all measurements of a target share a scale."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = database.insert_or_ignore(calibration)

    def get(self, key: CalibrationKey) -> Json | None:
        """The calibration, None where there is none."""
        row = self._database.read_one(_CALIBRATION, vars(key))
        return None if row is None else row["result"]

    def get_or_put(self, key: CalibrationKey, result: Json) -> Json:
        """Store `result` unless another was stored before, and return the one that is stored."""

        def work(connection: Connection) -> Json:
            connection.execute(self._insert, {**vars(key), "result": result})
            stored: Json = connection.execute(_CALIBRATION, vars(key)).scalar_one()
            return stored

        return self._database.write(work)

    def put(self, key: CalibrationKey, result: Json) -> None:
        """Store `result` in place of what was stored: for what no stored measurement was scaled by."""

        def work(connection: Connection) -> None:
            connection.execute(delete(calibration).where(*_AT_CALIBRATION), vars(key))
            connection.execute(self._insert, {**vars(key), "result": result})

        self._database.write(work)


def _values(key: MeasurementKey, measured: Measurement, now: float) -> Json:
    made = (measured.target, measured.method, measured.method_version)
    assert made == (key.target, key.method, key.method_version), f"{made} is not how {key} was measured"
    return {
        **vars(measured),
        **vars(key),
        "samples": list(measured.samples),
        "provenance": measured.provenance.value,
        "n": len(measured.samples),
        "created": now,
    }


def _measurement(row: RowMapping) -> Measurement:
    return Measurement(
        quantity=row["quantity"],
        unit=row["unit"],
        value=row["value"],
        low=row["low"],
        high=row["high"],
        samples=tuple(row["samples"]),
        provenance=Provenance(row["provenance"]),
        method=row["method"],
        method_version=row["method_version"],
        target=row["target"],
        conditions=row["conditions"],
    )


def measurement_row(row: RowMapping) -> MeasurementRow:
    """A row of the table as its record."""
    return MeasurementRow(
        id=row["id"],
        architecture=row["architecture"],
        signature=row["signature"],
        device=row["device"],
        measurement=_measurement(row),
        created=row["created"],
    )
