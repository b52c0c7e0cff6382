"""From an exported folder to the model."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from paretoformer.export.config import CONFIG_FILE, ExportConfig, read_config
from paretoformer.export.weights import WEIGHTS_FILE, fill, read_tensors
from paretoformer.records.errors import UserError
from paretoformer.records.signature import Signature
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Model
from paretoformer.search_spaces.counts import count


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
    place = Path(folder)
    config = read_config(place)
    path = place / WEIGHTS_FILE
    tensors = read_tensors(path)
    wanted = count(config.architecture, config.signature).params
    there = sum(tensor.numel() for tensor in tensors.values())
    if there < wanted:  # before building: a small file must not ask for a large model
        raise UserError(
            f"'{path}' does not fit its config: it has {there:,} numbers, and the model {wanted:,} weights."
        )
    try:
        model = build(config.architecture, config.signature, seed=0)
    except (RuntimeError, MemoryError) as error:
        raise UserError(f"'{place / CONFIG_FILE}' describes a model that cannot be built here: {error}") from error
    fill(model, tensors, path)
    return Loaded(
        model=model.eval().requires_grad_(False),
        architecture=config.architecture,
        signature=config.signature,
        config=config,
    )
