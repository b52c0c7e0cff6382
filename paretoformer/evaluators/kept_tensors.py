"""Tensors that are slow to compute, kept in a file beside the data that they were computed from."""

import hashlib
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from torch import Tensor

_log = logging.getLogger(__name__)
_DIGEST = "sha256"
_CHANGED = "not as it was kept"


def kept(file: Path, make: Callable[[], Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """What `file` holds; where it is not there or changed, what `make` gives, which is then written to it.

    The file has its tensors' SHA-256 in its header, by which a changed byte is noticed, told in the log and mended; one without
    is of an earlier version and made anew. It appears whole, in one rename, and a folder that cannot be written to only costs
    time. Raise a number in the file's name where `make` changes.
    """
    if file.is_file():
        found = _read(file)
        if isinstance(found, dict):
            return found
        _log.warning("'%s' is %s, and its tensors are computed anew.", file, found)
    made = {name: tensor.contiguous() for name, tensor in make().items()}
    part = file.with_name(f".making-{os.getpid()}-{file.name}")
    with suppress(OSError):
        try:
            part.write_bytes(_packed(made))
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    return made


def _read(file: Path) -> dict[str, Tensor] | str:
    """The tensors, if they are those that were written, or what the file is instead."""
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import load_file

    try:
        with safe_open(file, framework="pt") as opened:
            noted = (opened.metadata() or {}).get(_DIGEST)
        found = load_file(file)
    except (SafetensorError, OSError):
        return _CHANGED
    if noted is None:
        return "of an earlier version"
    return found if noted == _digest(found) else _CHANGED


def _packed(tensors: dict[str, Tensor]) -> bytes:
    from safetensors.torch import save

    return save(tensors, metadata={_DIGEST: _digest(tensors)})


def _digest(tensors: dict[str, Tensor]) -> str:
    """SHA-256 of names, kinds, shapes and numbers: of the file as it is without a digest."""
    from safetensors.torch import save

    return hashlib.sha256(save(tensors)).hexdigest()
