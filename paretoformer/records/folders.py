"""Folders of a user's own, outside any project."""

import os
import sys
from pathlib import Path


def own_folder(name: str, variable: str) -> Path:
    """The folder that an environment variable names, else `name` in the platform's own place for what can be had again."""
    return _folder(name, variable, ("Library", "Caches"), "XDG_CACHE_HOME", (".cache",))


def kept_folder(name: str, variable: str) -> Path:
    """The folder that an environment variable names, else `name` in the platform's own place for what a user made."""
    return _folder(name, variable, ("Library", "Application Support"), "XDG_DATA_HOME", (".local", "share"))


def _folder(name: str, variable: str, mac: tuple[str, ...], base: str, home: tuple[str, ...]) -> Path:
    given = os.environ.get(variable)
    if given:
        return Path(given).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home().joinpath(*mac, "paretoformer", name)
    return Path(os.environ.get(base) or Path.home().joinpath(*home)) / "paretoformer" / name
