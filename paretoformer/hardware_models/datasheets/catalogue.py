"""The datasheets that ship, and those that a user added."""

import os
from functools import cache
from importlib import resources
from pathlib import Path
from tempfile import NamedTemporaryFile

from paretoformer.hardware_models.datasheets.datasheet import Datasheet, read_datasheet
from paretoformer.records.errors import UserError
from paretoformer.records.folders import kept_folder, own_folder
from paretoformer.search_spaces.yaml_file import read_yaml

VARIABLE = "PARETOFORMER_DEVICES"
"""The environment variable that names another folder for a user's datasheets and for the peaks of machines."""
_PACKAGED = Path(str(resources.files(__package__)))
RESERVED = ("cpu", "cuda", "mps")
"""Names of devices that a machine has itself."""


def folder() -> Path:
    """Where a user's datasheets are kept, which need not exist."""
    return kept_folder("devices", VARIABLE)


def cache_folder() -> Path:
    """Where the peaks of machines lie, which can be measured again; datasheets that an earlier version kept there are read."""
    return own_folder("devices", VARIABLE)


@cache
def shipped_names() -> tuple[str, ...]:
    """Names of the datasheets of the package."""
    return _names(_PACKAGED)


def datasheet_names() -> tuple[str, ...]:
    """All names, those of the package first."""
    return (*shipped_names(), *(name for name in sorted(_own()) if name not in shipped_names()))


def datasheet(name: str) -> Datasheet | None:
    """The datasheet of that name, None where there is none.

    Raises:
        UserError: a user's own does not hold what it should any more.
    """
    if name in shipped_names():
        return _shipped(name)
    path = _own().get(name)
    return None if path is None else _read(path)


def datasheets() -> tuple[Datasheet, ...]:
    """All of them.

    Raises:
        UserError: as `datasheet` does.
    """
    return tuple(sheet for name in datasheet_names() if (sheet := datasheet(name)) is not None)


def add_datasheet(path: Path) -> Datasheet:
    """Check a file and keep a copy of it; a copy of the same name is replaced.

    Raises:
        UserError: it cannot be read or kept, holds no datasheet, or has a name that is not free.
    """
    added = _read(path)
    if added.name in (*shipped_names(), *RESERVED):
        raise UserError(f"{path}: name is '{added.name}', and paretoformer has a device of that name; choose another.")
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=folder(), suffix=".new", delete=False, encoding="utf-8") as copy:
            copy.write(path.read_text(encoding="utf-8"))
        os.replace(copy.name, folder() / f"{added.name}.yaml")
    except OSError as error:
        raise UserError(f"{path} cannot be kept in {folder()}: {error.strerror}.") from error
    return added


@cache
def _shipped(name: str) -> Datasheet:
    return _read(_PACKAGED / f"{name}.yaml")


def _own() -> dict[str, Path]:
    return {path.stem: path for place in (cache_folder(), folder()) for path in place.glob("*.yaml")}


def _names(place: Path) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in place.glob("*.yaml")))


def _read(path: Path) -> Datasheet:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    return read_datasheet(read_yaml(text, str(path)), str(path))
