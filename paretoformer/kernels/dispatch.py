"""Which path an operation takes, one rule for all of them, and the record of what was taken."""

import logging
import os
from collections.abc import Callable
from enum import StrEnum
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from paretoformer.records.errors import UserError

VARIABLE = "PARETOFORMER_KERNELS"
"""Environment variable; `reference` makes every operation its definition. Read when the package is imported."""


class Path(StrEnum):
    """A form of an operation: its definition, torch's operators, or a Triton kernel of ours."""

    REFERENCE = "reference"
    TORCH = "torch"
    TRITON = "triton"


Rule = Callable[..., Path | str]
"""Given the operands on a GPU: the path that is best there, or why the Triton kernel cannot take them."""

_TAKEN: dict[str, set[Path]] = {}
_TOLD: set[tuple[str, str]] = set()
_HAS_TRITON = find_spec("triton") is not None
_log = logging.getLogger(__name__)


def forced(value: str | None) -> bool:
    """Whether `value` of the environment variable asks for the definitions.

    Raises:
        UserError: it is set to something else.
    """
    if value not in (None, "", Path.REFERENCE):
        raise UserError(f"{VARIABLE}={value}: '{value}' is no path that can be forced; it can be reference, or unset.")
    return value == Path.REFERENCE


FORCED = forced(os.environ.get(VARIABLE))
"""Whether this process runs the definitions alone."""


def choose(operation: str, rule: Rule, first: Tensor, *others: Any) -> Path:
    """The path of `operation` for these operands, which is remembered for `paths_taken`.

    Away from a GPU, and while a model is exported, it is torch's operators, so that no artefact depends on ours.
    Where a GPU's kernel cannot take the operands, torch's operators do, and the log says so once for each reason.
    """
    if FORCED:
        path = Path.REFERENCE
    elif not first.is_cuda or torch.compiler.is_exporting():
        path = Path.TORCH
    else:
        path = _on_gpu(operation, rule(first, *others) if _HAS_TRITON else "triton is not installed")
    if not torch.compiler.is_compiling():
        remember(operation, path)
    return path


def remember(operation: str, path: Path) -> None:
    """Note that `operation` took `path`."""
    taken = _TAKEN.get(operation)
    if taken is None:
        _TAKEN[operation] = {path}
    elif path not in taken:
        taken.add(path)


def paths_taken() -> dict[str, tuple[str, ...]]:
    """The paths that each operation took in this process, by name, for a measurement's conditions.

    Code under torch.compile appears where it runs an operator of ours; what torch's own compiler made does not.
    """
    return {operation: tuple(sorted(path.value for path in taken)) for operation, taken in sorted(_TAKEN.items())}


def forget_paths() -> None:
    """Start the record of paths anew."""
    _TAKEN.clear()


def wants_gradient(*tensors: Tensor | None) -> bool:
    """Whether autograd will ask for a gradient of any of them."""
    return torch.is_grad_enabled() and any(x is not None and x.requires_grad for x in tensors)


def shapes(**tensors: Tensor | None) -> str:
    """The operands as an error names them: q (2, 4, 8) float32 cpu, ..."""
    return ", ".join(
        f"{name} {tuple(x.shape)} {str(x.dtype).removeprefix('torch.')} {x.device}"
        for name, x in tensors.items()
        if x is not None
    )


def _on_gpu(operation: str, found: Path | str) -> Path:
    if isinstance(found, Path):
        return found
    if (operation, found) not in _TOLD and not torch.compiler.is_compiling():
        _TOLD.add((operation, found))
        _log.warning("%s falls back to torch's operators: %s", operation, found)
    return Path.TORCH
