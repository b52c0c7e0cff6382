"""Weights of trained models under the artefact folder, one safetensors file a run."""

import os
from collections.abc import Collection
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from paretoformer.records.errors import UserError
from paretoformer.search_spaces.contract import Model

NO_ROOM = ("No space left", "quota exceeded")
"""What systems say of a disk, or a user's share of it, that is full."""


class ArtifactsUnwritable(UserError):
    """Weights cannot be written, so that no further trial could be completed: a search stops."""


class Checkpoints:
    """Weights by run key. A file appears whole or not at all."""

    def __init__(self, artifacts: Path) -> None:
        self.artifacts = artifacts
        self.folder = artifacts / "weights"

    def prepare(self) -> None:
        """Make the folder.

        Raises:
            UserError: it cannot be made or written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"The artefact folder {self.folder.parent} cannot be written: {error.strerror}.") from error
        if not os.access(self.folder, os.W_OK):
            raise UserError(f"The artefact folder {self.folder.parent} cannot be written.")

    def path(self, key: str) -> Path:
        """Where the weights of a run lie."""
        return self.folder / f"{key}.safetensors"

    def save(self, key: str, model: Model) -> None:
        """Write a model's weights; tied ones are written once for each name.

        Raises:
            ArtifactsUnwritable: the disk is full, or the folder cannot be written any more.
        """
        tensors = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in model.state_dict().items()}
        part = self.folder / f".{key}.{os.getpid()}.part"
        try:
            save_file(tensors, part)
            os.replace(part, self.path(key))
        except (OSError, SafetensorError) as error:
            raise self._unwritable(error) from error
        finally:
            part.unlink(missing_ok=True)

    def load(self, key: str, model: Model) -> bool:
        """Read a run's weights into `model`; False where there are none."""
        if not self.path(key).exists():
            return False
        model.load_state_dict(load_file(self.path(key)))
        return True

    def _unwritable(self, error: Exception) -> ArtifactsUnwritable:
        said = str(error)
        if any(text in said for text in NO_ROOM):
            return ArtifactsUnwritable(f"The artefact folder {self.artifacts} has no room left; free some and resume.")
        return ArtifactsUnwritable(f"The artefact folder {self.artifacts} cannot be written: {said}.")

    def keep(self, keys: Collection[str], among: Collection[str]) -> None:
        """Drop the weights of every run of `among` that is not in `keys`."""
        for key in set(among) - set(keys):
            self.path(key).unlink(missing_ok=True)
