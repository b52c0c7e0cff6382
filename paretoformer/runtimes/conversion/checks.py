"""Whether a graph under ONNX Runtime gives what the model gives."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paretoformer.runtimes.base import NotConvertible, first_line
from paretoformer.runtimes.conversion.state import Leaf

TOLERANCE = 1e-4
"""Largest difference from eager's fp32 outputs, as a share of the largest of them."""


def session(path: Path, threads: int = 1) -> Any:
    """An ONNX Runtime session on the CPU, which works in the calling thread where it has one; its threads never spin."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def feed(opened: Any, values: Sequence[Leaf]) -> dict[str, Any]:
    """Values by the names of a session's inputs; one that the graph does not need has no input."""
    names = [each.name for each in opened.get_inputs()]
    assert len(names) == len(values), f"the graph takes {names}"
    return dict(zip(names, map(array, values), strict=True))


def array(value: Leaf) -> Any:
    """A tensor's own memory, or a number as ONNX Runtime takes it."""
    return value.numpy() if isinstance(value, Tensor) else np.asarray(value, dtype=np.int64)


def outputs(opened: Any, *values: Leaf) -> list[Tensor]:
    """What the graph gives, in order.

    Raises:
        NotConvertible: ONNX Runtime cannot run it.
    """
    try:
        return [torch.from_numpy(np.asarray(each)) for each in opened.run(None, feed(opened, values))]
    except Exception as error:  # it has classes of its own for each status, with no base but Exception
        raise NotConvertible(f"ONNX Runtime cannot run what this model becomes: {first_line(error)}") from error


def agree(found: Tensor, wanted: Tensor, what: str) -> None:
    """Pass where the two are alike.

    Raises:
        NotConvertible: shapes differ, or values by more than the tolerance.
    """
    if found.shape != wanted.shape:
        raise NotConvertible(
            f"{what} has shape {tuple(found.shape)} under ONNX Runtime and {tuple(wanted.shape)} in eager"
        )
    apart = _apart(found, wanted)
    if not apart <= TOLERANCE:
        raise NotConvertible(f"{what} under ONNX Runtime is {apart:.1e} of the largest away from eager's")


def _apart(found: Tensor, wanted: Tensor) -> float:
    largest = wanted.abs().max().clamp_min(torch.finfo(torch.float32).tiny)
    return float((found - wanted).abs().max() / largest)
