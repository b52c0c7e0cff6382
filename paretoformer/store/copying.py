"""A database in memory, written to a new file that appears whole or not at all."""

import contextlib
import os
from pathlib import Path

from paretoformer.records.errors import UserError
from paretoformer.store.address import parse_address
from paretoformer.store.database import Database
from paretoformer.store.errors import StoreFull
from paretoformer.store.migrations import switch_to_wal


def write_new(database: Database, file: Path) -> bool:
    """Write a copy of `database` to `file`; False where there is a file already, which is left as it is.

    Raises:
        StoreFull: no room is left; nothing is left behind.
        UserError: the file cannot be made.
    """
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        database.with_connection(lambda connection: connection.exec_driver_sql("VACUUM INTO ?", (str(part),)))
        copy = Database(parse_address(f"sqlite:///{part}"), create=False, read_only=False, wait_s=1.0)
        copy.with_connection(switch_to_wal)
        copy.close()
        return _appear(part, file)
    except StoreFull:
        raise StoreFull(f"'{file}' has no room to be made; free some, or name another file.") from None
    except OSError as error:
        raise UserError(f"'{file}' cannot be made: {error.strerror}.") from error
    finally:
        for name in (part, *(part.with_name(f"{part.name}{end}") for end in ("-wal", "-shm", "-journal"))):
            with contextlib.suppress(OSError):
                name.unlink(missing_ok=True)


def _appear(part: Path, file: Path) -> bool:
    try:
        os.link(part, file)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if file.exists():
            return False
        os.replace(part, file)
    return True
