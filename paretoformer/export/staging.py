"""Folders that appear finished or not at all."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from paretoformer.export.proof import PROOF_FILE
from paretoformer.records.errors import UserError

_PART, _OLD = ".paretoformer-part", ".paretoformer-old"
"""Ends of hidden names that nobody else gives: what has them may be removed."""


@contextmanager
def staged(folder: Path, names: Sequence[str], *, force: bool) -> Iterator[dict[str, Path]]:
    """Hidden sub-folders of `folder` to write in, by name; renamed to their names when the block ends well.

    One export at a time works in `folder`, held by a lock that ends with the process; what a killed one left is cleared by the
    next. With `force`, earlier exports of these names are replaced, and stay until the new ones are done.

    Raises:
        UserError: the parent is missing, `folder` cannot be written or is in use, or a name is taken.
    """
    made = _make(folder)
    lock = os.open(folder, os.O_RDONLY)
    try:
        _lock(lock, folder)
        _clear(folder)
        for name in names:
            _check_free(folder / name, force)
        parts = {name: folder / f".{name}{_PART}" for name in names}
        for part in parts.values():
            part.mkdir()
        yield parts
        for part in parts.values():
            _sync(part)
        for name, part in parts.items():
            _place(part, folder / name)
        os.fsync(lock)
    except OSError as error:
        raise UserError(f"'{folder}' cannot be written: {error.strerror}.") from error
    finally:
        with suppress(UserError, OSError):
            _lock(lock, folder)
            _clear(folder)
            if made and not any(folder.iterdir()):
                folder.rmdir()
        os.close(lock)


def check_place(folder: Path, names: Sequence[str], *, force: bool) -> None:
    """Pass if `staged` could begin, for callers with long work before it; nothing is made.

    Raises:
        UserError: the parent is missing, or a name is taken.
    """
    if not folder.parent.is_dir():
        raise UserError(f"'{folder.parent}' is not a folder; make it first, or export to another place.")
    for name in names:
        _check_free(folder / name, force)


def _make(folder: Path) -> bool:
    """Whether the folder was not there before."""
    check_place(folder, (), force=False)
    try:
        there = folder.is_dir()
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise UserError(f"'{folder}' cannot be made: {error.strerror}.") from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise UserError(f"'{folder}' cannot be written; export to another place.")
    return not there


def _lock(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise UserError(f"Another export works in '{folder}'; wait for it, or export to another place.") from error


def _clear(folder: Path) -> None:
    """Remove unfinished folders, and bring back a finished one that was moved aside and not replaced."""
    for part in folder.glob(f".*{_PART}"):
        shutil.rmtree(part)
    for old in folder.glob(f".*{_OLD}"):
        place = folder / old.name[1:].removesuffix(_OLD)
        if place.exists():
            shutil.rmtree(old)
        else:
            old.rename(place)


def _check_free(place: Path, force: bool) -> None:
    if not place.exists() and not place.is_symlink():
        return
    if not force:
        raise UserError(f"'{place}' exists; give --force to replace it, or export to another place.")
    if place.is_symlink() or not (place / PROOF_FILE).is_file():
        raise UserError(f"'{place}' exists and is no export, so it is not replaced; export to another place.")


def _sync(part: Path) -> None:
    """Bring a folder's files to the disk."""
    for path in (*part.iterdir(), part):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _place(part: Path, place: Path) -> None:
    old = place.with_name(f".{place.name}{_OLD}")
    if place.exists():
        place.rename(old)
    part.rename(place)
    if old.exists():
        shutil.rmtree(old)
