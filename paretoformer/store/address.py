"""Where a database lies: reading a URL and refusing, in one sentence, what cannot be one."""

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from paretoformer.records.errors import UserError

_FORMS = "sqlite:///FILE, postgresql://USER@HOST/DATABASE"


def parse_address(text: str) -> URL:
    """The URL with the driver that is used for it.

    Raises:
        UserError: it cannot be read, or it names another kind of database; a password in it is not repeated.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise UserError(f"'{_without_password(text)}' is not a database URL; URLs: {_FORMS}.") from None
    kind, _, driver = url.drivername.partition("+")
    if kind == "sqlite" and driver in ("", "pysqlite"):
        return url.set(drivername="sqlite+pysqlite")
    if kind in ("postgresql", "postgres") and driver in ("", "psycopg"):
        return url.set(drivername="postgresql+psycopg")
    raise UserError(f"'{shown(url)}': '{url.drivername}' is not a kind of database; URLs: {_FORMS}.")


def shown(url: URL) -> str:
    """The URL as a user wrote it, its password as three stars and none among its options."""
    kind = url.drivername.partition("+")[0]
    return (
        url.set(drivername=kind)
        .difference_update_query(["password", "sslpassword"])
        .render_as_string(hide_password=True)
    )


def sqlite_file(url: URL) -> Path | None:
    """The file of an SQLite URL; None for a database in memory."""
    return None if url.database in (None, "", ":memory:") else Path(str(url.database))


def check_file(file: Path, *, create: bool, read_only: bool) -> None:
    """Refuse a file that SQLite cannot open as asked.

    Raises:
        UserError: a folder, a missing file or folder, another kind of file, or one that may not be read or written.
    """
    if file.is_dir():
        raise UserError(f"'{file}' is a folder; a database is a file, as in sqlite:///{file}/paretoformer.db.")
    if not file.parent.is_dir():
        raise UserError(f"'{file}': the folder '{file.parent}' does not exist; make it first.")
    if not file.exists():
        if read_only or not create:
            raise UserError(f"'{file}' does not exist; a search makes it, or name another file.")
        if not os.access(file.parent, os.W_OK):
            raise UserError(f"'{file}': nothing may be written to the folder '{file.parent}'.")
        return
    if not os.access(file, os.R_OK):
        raise UserError(f"'{file}' may not be read by this user.")
    if not read_only and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        raise UserError(f"'{file}' is read-only; make the file and its folder writable, or name another file.")
    if _is_other_kind(file):
        raise UserError(f"'{file}' is not an SQLite database; name another file.")


def _is_other_kind(file: Path) -> bool:
    """Asked of SQLite: opening and closing the file ourselves would drop every lock that this process has on it."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA schema_version")
    except sqlite3.Error as error:
        return error.sqlite_errorcode == sqlite3.SQLITE_NOTADB
    return False


def _without_password(text: str) -> str:
    return re.sub(r":[^:/@][^@]*@", ":***@", text)
