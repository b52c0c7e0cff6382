"""Weights of a model in one safetensors file, tied ones stored once."""

from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from paretoformer.evaluators.stored_weights import tied_names
from paretoformer.search_spaces.contract import Model


def write_weights(model: Model, path: Path) -> None:
    """Write every tensor of the model once, on the CPU, under the first of its names."""
    tensors = model.state_dict()
    stored = {names[0]: tensors[names[0]].detach().cpu().clone().contiguous() for names in tied_names(tensors)}
    write_tensors(stored, path)


def write_tensors(tensors: dict[str, Tensor], path: Path) -> None:
    """Write a safetensors file that others may read too; the library's own writer makes it private."""
    path.write_bytes(save(tensors))
