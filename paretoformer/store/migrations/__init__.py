"""Bringing a database to the tables of this version, once, whoever comes first."""

import threading
import time
from pathlib import Path

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import OperationalError

from paretoformer.records.errors import UserError
from paretoformer.store.database import Database

HEAD = "0004"
"""The revision of `tables.py`; a new one raises it."""

VERSION_TABLE = "paretoformer_version"
"""Our own, since Optuna's storage in the same database owns `alembic_version`."""

_ADVISORY_LOCK = 0x70617265
_ONE_AT_A_TIME = threading.Lock()
"""Alembic keeps the running environment in a module."""
_WAL_TRIES, _WAL_PAUSE_S = 200, 0.02


def bring_to_head(database: Database) -> None:
    """Create or upgrade the tables; several processes may do so at once.

    Raises:
        UserError: another program's tables, a newer version than this one, or an older or empty one opened to read.
    """
    found = database.with_connection(lambda connection: _version(connection, database.where))
    if found == HEAD:
        return
    if database.read_only:
        state = "holds no studies yet" if found is None else f"has version {found}, older than {HEAD}"
        raise UserError(f"'{database.where}' {state}; a search or a worker brings it up to date.")
    if database.is_sqlite:
        database.with_connection(switch_to_wal)
        database.with_connection(lambda connection: connection.exec_driver_sql("PRAGMA foreign_keys = OFF"))
    try:
        database.write(lambda connection: _upgrade(connection, database))
    finally:
        if database.is_sqlite:
            database.with_connection(lambda connection: connection.exec_driver_sql("PRAGMA foreign_keys = ON"))


def upgrade_tables(connection: Connection, revision: str = "head") -> None:
    """Run the packaged migrations up to `revision` on a connection that has begun a transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        command.upgrade(config, revision)


def _upgrade(connection: Connection, database: Database) -> None:
    if not database.is_sqlite:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
    if _version(connection, database.where) != HEAD:
        upgrade_tables(connection)


def _version(connection: Connection, where: str) -> str | None:
    tables = inspect(connection).get_table_names()
    if VERSION_TABLE not in tables:
        if tables:
            raise UserError(
                f"'{where}' is another program's database (it has a table '{sorted(tables)[0]}'); name another one."
            )
        return None
    version = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()
    if version is not None and str(version) > HEAD:
        raise UserError(
            f"'{where}' has version {version}, and this paretoformer knows versions up to {HEAD}; upgrade paretoformer."
        )
    return None if version is None else str(version)


def switch_to_wal(connection: Connection) -> None:
    """Turn on write-ahead logging, which answers "locked" at once while another process does the same."""
    for left in reversed(range(_WAL_TRIES)):
        try:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            return
        except OperationalError:
            if not left:
                raise
            time.sleep(_WAL_PAUSE_S)
