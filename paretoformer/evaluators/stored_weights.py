"""Weights of a model read from a safetensors file, in which tied ones are stored once."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from paretoformer.records.errors import UserError
from paretoformer.search_spaces.contract import Model

WEIGHTS_FILE = "model.safetensors"


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file.

    Raises:
        UserError: it is missing or damaged.
    """
    try:
        return load_file(path)
    except OSError as error:
        raise UserError(f"'{path}' cannot be read: {error.strerror or 'there is no such file'}.") from error
    except (SafetensorError, ValueError) as error:
        raise UserError(f"'{path}' is damaged: {error}.") from error


def fill(model: Model, tensors: dict[str, Tensor], path: Path) -> None:
    """Give `model` the tensors read from `path`; of tied weights any one name serves.

    Raises:
        UserError: a tensor is missing, too many, or of another shape or type.
    """
    own = model.state_dict()
    given = dict(tensors)
    whole: dict[str, Tensor] = {}
    for names in tied_names(own):
        present = next((name for name in names if name in given), None)
        if present is None:
            raise UserError(f"'{path}' does not fit its config: the model has {names[0]}, and the file does not.")
        tensor, wanted = given.pop(present), own[present]
        if tensor.shape != wanted.shape or tensor.dtype != wanted.dtype:
            raise UserError(
                f"'{path}' does not fit its config: {present} is {tensor.dtype} {tuple(tensor.shape)}, "
                f"and the model has {wanted.dtype} {tuple(wanted.shape)}."
            )
        whole |= dict.fromkeys(names, tensor)
    if given:
        raise UserError(f"'{path}' does not fit its config: the file has {min(given)}, and the model does not.")
    model.load_state_dict(whole)


def tied_names(tensors: Mapping[str, Tensor]) -> list[list[str]]:
    """Names of the same memory together, in the order of the model."""
    found: dict[object, list[str]] = defaultdict(list)
    for name, tensor in tensors.items():
        found[(tensor.data_ptr(), tensor.shape, tensor.stride()) if tensor.numel() else name].append(name)
    return list(found.values())
