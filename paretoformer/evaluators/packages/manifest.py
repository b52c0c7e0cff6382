"""What a package held when it was fetched, and whether it still does."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

NAME = "package.json"
"""Beside the data: which versions it was made of, and size and SHA-256 of each file."""

QUICK_BYTES = 64_000_000
"""Up to so many are hashed in 0.1 s; of larger packages only the sizes are compared unless more is asked."""


class State(StrEnum):
    """How what is kept compares with what was fetched; unknown where an earlier version fetched it and noted no hashes."""

    ABSENT = "absent"
    WHOLE = "whole"
    CHANGED = "changed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A package's state; `change` says what is wrong with which file where it is changed."""

    state: State
    change: str | None = None


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """Note `facts`, and size and hash of every file below the folder. Files that tasks keep there later are not looked at."""
    files = {
        str(file.relative_to(folder)): {"bytes": file.stat().st_size, "sha256": _sha256(file)}
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    (folder / NAME).write_text(json.dumps({**facts, "files": files}, indent=2) + "\n")


def condition(folder: Path, *, thorough: bool = False) -> Condition:
    """Compare sizes, and hashes where the package is small or the look is to be thorough."""
    if not folder.is_dir():
        return Condition(state=State.ABSENT)
    try:
        files = json.loads((folder / NAME).read_text()).get("files")
        if files is None:
            return Condition(state=State.UNKNOWN)
        known = {folder / path: (int(noted["bytes"]), str(noted["sha256"])) for path, noted in files.items()}
    except FileNotFoundError:
        return Condition(state=State.UNKNOWN)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Condition(state=State.CHANGED, change=f"'{NAME}' cannot be read")
    change = _change(folder, known, thorough=thorough)
    return Condition(state=State.WHOLE if change is None else State.CHANGED, change=change)


def _change(folder: Path, known: Mapping[Path, tuple[int, str]], *, thorough: bool) -> str | None:
    for file, (size, _) in known.items():
        if not file.is_file():
            return f"'{file.relative_to(folder)}' is missing"
        if file.stat().st_size != size:
            return f"'{file.relative_to(folder)}' has {file.stat().st_size:,} bytes and had {size:,}"
    if not thorough and sum(size for size, _ in known.values()) > QUICK_BYTES:
        return None
    for file, (_, sha256) in known.items():
        try:
            found = _sha256(file)
        except OSError as error:
            return f"'{file.relative_to(folder)}' cannot be read: {error.strerror}"
        if found != sha256:
            return f"'{file.relative_to(folder)}' has another content"
    return None


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
