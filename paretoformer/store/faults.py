"""What the database's own errors mean, as one sentence where a user can mend them."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, StatementError

from paretoformer.records.errors import UserError
from paretoformer.store.errors import StoreFull, StoreUnavailable

RETRIED = ("40001", "40P01")
"""PostgreSQL's serialisation failure and deadlock: the transaction left nothing and may simply run again."""

_POSTGRES = {
    "53100": (StoreFull, "has no room left; free some and resume"),
    "55P03": (StoreUnavailable, "is locked by another process; try again later"),
    "25006": (UserError, "was opened for reading only"),
    "42501": (UserError, "refuses this to its user; ask its owner for the right to create and write tables"),
}
_SQLITE = {
    sqlite3.SQLITE_FULL: (StoreFull, "has no room left; free some and resume"),
    sqlite3.SQLITE_BUSY: (StoreUnavailable, "is locked by another process; try again later"),
    sqlite3.SQLITE_LOCKED: (StoreUnavailable, "is locked by another process; try again later"),
    sqlite3.SQLITE_READONLY: (UserError, "is read-only, or was opened for reading only"),
    sqlite3.SQLITE_NOTADB: (UserError, "is not an SQLite database; name another file"),
    sqlite3.SQLITE_CORRUPT: (UserError, "is damaged; restore a copy, or name another file"),
    sqlite3.SQLITE_CANTOPEN: (UserError, "cannot be opened; see that its folder exists and can be written to"),
    sqlite3.SQLITE_IOERR: (StoreUnavailable, "could not be read or written; see to its disk"),
}
_PRIMARY_CODE = 0xFF
"""SQLite's extended codes carry the primary one in their low byte."""


@contextmanager
def faults(where: str) -> Iterator[None]:
    """Run database statements; `where` names the database, without its password.

    Raises:
        UserError: what a user can mend, StoreFull and StoreUnavailable among it.
        ValueError, TypeError: a value that cannot be stored, such as NaN, or is no JSON.
    """
    try:
        yield
    except DBAPIError as error:
        mended = _meaning(error, where)
        if mended is None:
            raise
        raise mended from error
    except StatementError as error:
        if isinstance(error.orig, (ValueError, TypeError)):
            raise error.orig from None
        raise


def sqlstate(error: DBAPIError) -> str | None:
    """PostgreSQL's five-character code of an error; None where there is none."""
    return getattr(error.orig, "sqlstate", None)


def _meaning(error: DBAPIError, where: str) -> UserError | None:
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", 0) & _PRIMARY_CODE
        known = _SQLITE.get(code)
    else:
        known = _POSTGRES.get(sqlstate(error) or "")
        if known is None and (error.connection_invalidated or sqlstate(error) is None and _is_connecting(error)):
            return StoreUnavailable(f"'{where}' cannot be reached: {_first_line(error)}.")
    if known is None:
        return None
    kind, sentence = known
    return kind(f"'{where}' {sentence}.")


def _is_connecting(error: DBAPIError) -> bool:
    return error.statement is None


def _first_line(error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines()
    return lines[0].strip().rstrip(".") if lines else "no answer"
