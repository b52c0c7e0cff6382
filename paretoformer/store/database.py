"""One held connection and the two ways to use it: a read, and a short transaction that writes."""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, Executable, NullPool, RowMapping, Table, create_engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from paretoformer.records.canonical import canonical_json
from paretoformer.records.errors import UserError
from paretoformer.store.address import shown, sqlite_file
from paretoformer.store.faults import RETRIED, faults, sqlstate

T = TypeVar("T")
_ATTEMPTS = 5
_PAUSE_S = 0.02
"""Before the second attempt, and longer before each later one: the other transaction must get ahead."""
_CONNECT_S = 10


class Database:
    """An SQLite file or a PostgreSQL database, for use from any thread of one process.

    Reads run alone, outside transactions. Writes run as BEGIN IMMEDIATE on SQLite, where a deferred transaction that
    reads first would find the database locked, and as BEGIN on PostgreSQL; a deadlock there runs the work again.
    """

    def __init__(self, url: URL, *, create: bool, read_only: bool, wait_s: float) -> None:
        """Prepare, without connecting; `wait_s` is how long to wait for another process's lock."""
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.where = shown(url)
        self.read_only = read_only
        self._begin = "BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN"
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        if self.is_sqlite:
            self._engine = _sqlite_engine(url, create=create, read_only=read_only, wait_s=wait_s)
        else:
            self._engine = _postgres_engine(url, read_only=read_only, wait_s=wait_s)

    def read(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Sequence[RowMapping]:
        """Every row of one SELECT."""
        with self._lock, self._faults():
            return self._held().execute(statement, parameters).mappings().all()

    def read_one(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> RowMapping | None:
        """The first row of one SELECT, None where there is none."""
        rows = self.read(statement, parameters)
        return rows[0] if rows else None

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction and commit; whatever it raises rolls everything back. It may run again."""
        with self._lock, self._faults():
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    return self._attempt(work)
                except DBAPIError as error:
                    if attempt == _ATTEMPTS or sqlstate(error) not in RETRIED:
                        raise
                time.sleep(attempt * _PAUSE_S)
            raise AssertionError("the last attempt returns or raises")

    def execute(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> int:
        """Run one statement in a transaction of its own; how many rows it changed."""
        return self.write(lambda connection: connection.execute(statement, parameters).rowcount)

    def insert_or_ignore(self, table: Table) -> Executable:
        """An INSERT into `table` that leaves a row with the same key as it is."""
        insert = sqlite.insert if self.is_sqlite else postgresql.insert
        return insert(table).on_conflict_do_nothing()

    def with_connection(self, work: Callable[[Connection], T]) -> T:
        """Run `work` with the held connection, outside any transaction."""
        with self._lock, self._faults():
            return work(self._held())

    def close(self) -> None:
        """Give the connection back; the next use would open another."""
        with self._lock:
            self._drop()
            self._engine.dispose()

    def _attempt(self, work: Callable[[Connection], T]) -> T:
        connection = self._held()
        connection.exec_driver_sql(self._begin)
        try:
            result = work(connection)
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            self._roll_back(connection)
            raise
        return result

    def _roll_back(self, connection: Connection) -> None:
        try:
            connection.connection.rollback()
        except (SQLAlchemyError, sqlite3.Error):
            self._drop()

    def _held(self) -> Connection:
        if self._connection is not None and self._connection.invalidated:
            self._drop()
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(SQLAlchemyError, sqlite3.Error):
                self._connection.close()
        self._connection = None

    def _faults(self) -> contextlib.AbstractContextManager[None]:
        return faults(self.where)


def _sqlite_engine(url: URL, *, create: bool, read_only: bool, wait_s: float) -> Engine:
    file = sqlite_file(url)
    if file is None:
        name = ":memory:"
    elif read_only and not os.access(file.parent, os.W_OK) and not file.with_name(f"{file.name}-wal").exists():
        name = f"file:{quote(str(file.absolute()))}?immutable=1"
    else:
        mode = "ro" if read_only else "rwc" if create else "rw"
        name = f"file:{quote(str(file.absolute()))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            name, timeout=wait_s, isolation_level=None, check_same_thread=False, uri=file is not None
        )
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    return _engine(url, creator=connect)


def _postgres_engine(url: URL, *, read_only: bool, wait_s: float) -> Engine:
    options = [str(url.query.get("options", "")), f"-c lock_timeout={int(wait_s * 1000)}"]
    if read_only:
        options.append("-c default_transaction_read_only=on")
    try:
        return _engine(url, connect_args={"connect_timeout": _CONNECT_S, "options": " ".join(options).strip()})
    except ImportError:
        raise UserError(
            f"'{shown(url)}' needs psycopg, which is not installed; pip install 'paretoformer[postgres]'."
        ) from None


def _engine(url: URL, **more: Any) -> Engine:
    return create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", json_serializer=canonical_json, **more)
