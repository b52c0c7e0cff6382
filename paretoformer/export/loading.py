"""From an exported folder to the model."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from paretoformer.evaluators.stored_model import load_stored
from paretoformer.export.config import ExportConfig, read_config
from paretoformer.records.signature import Signature
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.contract import Model


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A model in evaluation mode on the CPU, and what its config says of it."""

    model: Model
    architecture: Architecture
    signature: Signature
    config: ExportConfig


def load(folder: str | PathLike[str]) -> Loaded:
    """Build what `config.json` describes and give it the weights of `model.safetensors`.

    Args:
        folder: the one with these two files, named `safetensors` by the export.

    Raises:
        UserError: a file is missing or damaged, of another version, or the two do not fit; names the file.
    """
    config = read_config(Path(folder))
    model = load_stored(config.stored)
    return Loaded(model=model, architecture=config.architecture, signature=config.signature, config=config)
