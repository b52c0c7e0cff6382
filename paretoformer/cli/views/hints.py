"""The options that the next command needs to find the same study."""

import os
import shlex

from paretoformer.store.address import parse_address, shown
from paretoformer.studies.effort import DEFAULT_ARTIFACTS, DEFAULT_STORAGE, STORAGE_VARIABLE, Place


def option_line(place: Place, *, artifacts: bool = False) -> str:
    """` --storage URL --artifacts DIR`, without what is the default or stands in the environment; no password."""
    parts = []
    if place.storage not in (DEFAULT_STORAGE, os.environ.get(STORAGE_VARIABLE)):
        parts += ["--storage", shown(parse_address(place.storage))]
    if artifacts and str(place.artifacts) != DEFAULT_ARTIFACTS:
        parts += ["--artifacts", str(place.artifacts)]
    return f" {shlex.join(parts)}" if parts else ""
