"""Where packaged data lies."""

from pathlib import Path

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
    """Where a package lies once it is here. It comes there in one rename, so that it is whole where it exists."""
    return root() / wanted.name / wanted.stamp


def is_here(wanted: Package) -> bool:
    """Whether it was fetched."""
    return place(wanted).is_dir()


def folder(name: str) -> Path:
    """The folder of a package's files.

    Raises:
        UserError: it is not here, with the command that fetches it, its size and licence; or there is none of that name.
    """
    wanted = package(name)
    if not is_here(wanted):
        raise UserError(
            f"Task data '{name}' is not here; fetch it: paretoformer data add {name} "
            f"({wanted.size / 1e6:.1f} MB by {' and '.join(wanted.programs)}; licence: {wanted.licence})."
        )
    return place(wanted)
