"""A trained model read from the two files that an export has of it: `config.json` and `model.safetensors`."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from paretoformer.evaluators.stored_weights import WEIGHTS_FILE, fill, read_tensors
from paretoformer.records.errors import UserError
from paretoformer.records.json_file import read_json
from paretoformer.records.signature import Signature
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Model
from paretoformer.search_spaces.counts import count

CONFIG_FILE = "config.json"
CONFIG_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class StoredModel:
    """What a model is built from; `content` is the whole JSON of its config, `folder` where both files are."""

    folder: Path
    architecture: Architecture
    signature: Signature
    content: Mapping[str, Any]


def read_stored(folder: Path) -> StoredModel:
    """Read and check what `config.json` says of the model.

    Raises:
        UserError: missing, no JSON, of another version, or it describes no valid model; names the file.
    """
    path = folder / CONFIG_FILE
    value = read_json(path)
    if value.get("version") != CONFIG_VERSION:
        raise UserError(
            f"'{path}' has the version {value.get('version')!r}, and this paretoformer reads version {CONFIG_VERSION}."
        )
    try:
        architecture = Architecture.from_json(value["architecture"])
        if architecture.digest != value["architecture_digest"]:
            raise UserError("the architecture is not the one that its digest names.")
        signature = _signature(value["signature"])
        architecture.check(signature)
    except UserError as error:
        raise UserError(f"'{path}': {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"'{path}' describes no model: {type(error).__name__} {error}.") from error
    return StoredModel(folder=folder, architecture=architecture, signature=signature, content=value)


def load_stored(stored: StoredModel) -> Model:
    """The model with the weights of `model.safetensors`, in evaluation mode on the CPU, not to be trained.

    Raises:
        UserError: the file is missing or damaged, or does not fit the config; names the file.
    """
    path = stored.folder / WEIGHTS_FILE
    tensors = read_tensors(path)
    wanted = count(stored.architecture, stored.signature).params
    there = sum(tensor.numel() for tensor in tensors.values())
    if there < wanted:  # before building: a small file must not ask for a large model
        raise UserError(
            f"'{path}' does not fit its config: it has {there:,} numbers, and the model {wanted:,} weights."
        )
    try:
        model = build(stored.architecture, stored.signature, seed=0)
    except (RuntimeError, MemoryError) as error:
        raise UserError(
            f"'{stored.folder / CONFIG_FILE}' describes a model that cannot be built here: {error}"
        ) from error
    fill(model, tensors, path)
    return model.eval().requires_grad_(False)


def weights_hash(stored: StoredModel) -> str:
    """SHA-256 of `model.safetensors`.

    Raises:
        UserError: it cannot be read.
    """
    path = stored.folder / WEIGHTS_FILE
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"'{path}' cannot be read: {error.strerror}.") from error


def _signature(value: dict[str, Any]) -> Signature:
    signature = Signature.from_json(value)
    for name, size in {**asdict(signature.input), **asdict(signature.output)}.items():
        if type(size) is not int or size < 1:
            raise UserError(f"the signature has {name} {size!r}, and it must be a whole number from 1.")
    return signature
