"""Marks of the workers that are present: one that is left behind tells a death from an end in good order."""

import contextlib
from pathlib import Path


class Presence:
    """An empty file for each worker under the artefact folder.

    It is made before the work and removed whichever way a worker ends by itself, which takes no room on a full disk: then
    a trial cannot be handed back in the database, and still its worker did not die at it.
    """

    def __init__(self, artifacts: Path) -> None:
        self._folder = artifacts / "workers"

    def arrive(self, worker: str) -> None:
        """Mark a worker as present; without the folder its death is not told from an end in good order."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            (self._folder / worker).touch()

    def leave(self, worker: str) -> None:
        """Remove a worker's mark, if there is one."""
        with contextlib.suppress(OSError):
            (self._folder / worker).unlink(missing_ok=True)

    def left_behind(self, worker: str | None) -> bool:
        """Whether a worker that is gone has left its mark."""
        return worker is not None and (self._folder / worker).exists()
