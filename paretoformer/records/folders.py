"""Folders of a user's own, outside any project."""

import os
import sys
from pathlib import Path


def own_folder(name: str, variable: str) -> Path:
    """The folder that an environment variable names, else `name` in the platform's own place for what can be had again."""
    given = os.environ.get(variable)
    if given:
        return Path(given).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "paretoformer" / name
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "paretoformer" / name
