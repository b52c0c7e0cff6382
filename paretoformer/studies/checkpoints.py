"""Weights of trained models under the artefact folder, one safetensors file a run, and how far a training has come beside them."""

import hashlib
import os
from collections.abc import Collection, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from paretoformer.records.errors import UserError
from paretoformer.search_spaces.contract import Model

NO_ROOM = ("No space left", "quota exceeded")
"""What systems say of a disk, or a user's share of it, that is full."""


_SHA256 = "sha256"


class ArtifactsUnwritable(UserError):
    """Weights cannot be written, so that no further trial could be completed: a search stops."""


class Checkpoints:
    """Weights and snapshots by run key. A file appears whole or not at all."""

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
        self._write(tensors, self.path(key))

    def load(self, key: str, model: Model) -> bool:
        """Read a run's weights into `model`; False where there are none."""
        if not self.path(key).exists():
            return False
        model.load_state_dict(load_file(self.path(key)))
        return True

    def snapshot_path(self, key: str) -> Path:
        """Where the snapshot of a run that is being trained lies."""
        return self.folder / f"{key}.snapshot.safetensors"

    def save_snapshot(self, key: str, snapshot: Mapping[str, Tensor]) -> None:
        """Write all that a training needs to go on, in the place of what was kept of it before.

        Raises:
            ArtifactsUnwritable: the disk is full, or the folder cannot be written any more.
        """
        self._write({**snapshot, _SHA256: _checksum(snapshot)}, self.snapshot_path(key))

    def load_snapshot(self, key: str) -> dict[str, Tensor] | None:
        """What was kept of a training; None where there is nothing, or where the file is damaged."""
        try:
            tensors = load_file(self.snapshot_path(key))
        except (OSError, SafetensorError):
            return None
        expected = tensors.pop(_SHA256, None)
        return tensors if expected is not None and torch.equal(expected, _checksum(tensors)) else None

    def drop_snapshot(self, key: str) -> None:
        """Forget how far a training came: it is at its end."""
        self.snapshot_path(key).unlink(missing_ok=True)

    def _write(self, tensors: dict[str, Tensor], path: Path) -> None:
        part = self.folder / f".{path.stem}.{os.getpid()}.part"
        try:
            save_file(tensors, part)
            os.replace(part, path)
        except (OSError, SafetensorError) as error:
            raise self._unwritable(error) from error
        finally:
            part.unlink(missing_ok=True)

    def _unwritable(self, error: Exception) -> ArtifactsUnwritable:
        said = str(error)
        if any(text in said for text in NO_ROOM):
            return ArtifactsUnwritable(f"The artefact folder {self.artifacts} has no room left; free some and resume.")
        return ArtifactsUnwritable(f"The artefact folder {self.artifacts} cannot be written: {said}.")

    def keep(self, keys: Collection[str], among: Collection[str]) -> None:
        """Drop the weights of every run of `among` that is not in `keys`, and the snapshots of all of `among`."""
        for key in set(among) - set(keys):
            self.path(key).unlink(missing_ok=True)
        for key in set(among):
            self.drop_snapshot(key)


def _checksum(tensors: Mapping[str, Tensor]) -> Tensor:
    """SHA-256 of names and values, (32,) uint8."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        found.update(name.encode())
        found.update(tensors[name].numpy().tobytes())
    return torch.frombuffer(bytearray(found.digest()), dtype=torch.uint8)
