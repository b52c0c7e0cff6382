"""Which path an operation takes, one rule for all of them, and the record of what was taken."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

_TAKEN: dict[str, set[str]] = {}
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
    Where a GPU's kernel cannot take the operands, torch's operators do; the log says so once for each reason, and the record
    has the reason too.
    """
    why = ""
    if FORCED:
        path = Path.REFERENCE
    elif not first.is_cuda or torch.compiler.is_exporting():
        path = Path.TORCH
    else:
        found = rule(first, *others) if _HAS_TRITON else "triton is not installed"
        path, why = (found, "") if isinstance(found, Path) else (Path.TORCH, _told(operation, found))
    remember(operation, path + why if why else path)
    return path


def defined(operation: str) -> bool:
    """Whether `operation`, which has no kernel of its own, is to be its definition; remembers its path as `choose` does."""
    remember(operation, Path.REFERENCE if FORCED else Path.TORCH)
    return FORCED


def remember(operation: str, told: str) -> None:
    """Note the path that `operation` took, and why where it is a fallback."""
    if torch.compiler.is_compiling():
        _keep_while_compiling(operation, told)
        return
    taken = _TAKEN.get(operation)
    if taken is None or told not in taken:
        _keep(operation, told)


def _keep(operation: str, told: str) -> None:
    _TAKEN.setdefault(operation, set()).add(told)


def _keep_while_compiling(operation: str, told: str) -> None:
    """`_keep`, done by torch.compile as it traces the call, and no part of what it makes."""
    _keep(operation, told)


# What torch.compiler.assume_constant_result sets, which would import torch's compiler now: 100 MB and a second.
_keep_while_compiling._dynamo_marked_constant = True  # type: ignore[attr-defined]


def paths_taken() -> dict[str, tuple[str, ...]]:
    """The paths that each operation took in this process, by name, for a measurement's conditions.

    What torch.compile made is told as it was when it was traced: of an operation on torch's path its compiler writes
    code of its own.
    """
    return {operation: tuple(sorted(map(str, taken))) for operation, taken in sorted(_TAKEN.items())}


def forget_paths() -> None:
    """Start the record of paths anew."""
    _TAKEN.clear()


@contextmanager
def off_the_record() -> Iterator[None]:
    """A block whose paths are not among `paths_taken`."""
    kept = {operation: set(taken) for operation, taken in _TAKEN.items()}
    try:
        yield
    finally:
        _TAKEN.clear()
        _TAKEN.update(kept)


def wants_gradient(*tensors: Tensor | None) -> bool:
    """Whether autograd will ask for a gradient of any of them."""
    return torch.is_grad_enabled() and any(x is not None and x.requires_grad for x in tensors)


def one_kind(first: Tensor, *others: Tensor) -> bool:
    """Whether all hold floating-point numbers of one dtype on one device; autocast makes dtypes one by itself."""
    if not first.is_floating_point():
        return False
    device, dtype, alike = first.device, first.dtype, True
    for x in others:
        if x.device != device:
            return False
        alike = alike and x.dtype == dtype
    return alike or (device.type != "meta" and torch.is_autocast_enabled(device.type))


def shapes(**tensors: Tensor | None) -> str:
    """The operands as an error names them: q (2, 4, 8) float32 cpu, ..."""
    return ", ".join(
        f"{name} {tuple(x.shape)} {str(x.dtype).removeprefix('torch.')} {x.device}"
        for name, x in tensors.items()
        if x is not None
    )


def _told(operation: str, reason: str) -> str:
    """Log once why a kernel is not taken; gives the end of what the record says."""
    if (operation, reason) not in _TOLD and not torch.compiler.is_compiling():
        _TOLD.add((operation, reason))
        _log.warning("%s falls back to torch's operators: %s", operation, reason)
    return f", since {reason}"
