"""Tensors that are slow to compute, kept in a file beside the data that they were computed from."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from torch import Tensor


def kept(file: Path, make: Callable[[], Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """What `file` holds; where it is not there or damaged, what `make` gives, which is then written to it.

    The file appears whole, in one rename, and a folder that cannot be written to only costs time. Raise a number in the
    file's name where `make` changes.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file, save

    if file.is_file():
        with suppress(SafetensorError):
            return load_file(file)
    made = {name: tensor.contiguous() for name, tensor in make().items()}
    part = file.with_name(f".making-{os.getpid()}-{file.name}")
    with suppress(OSError):
        try:
            part.write_bytes(save(made))
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    return made
