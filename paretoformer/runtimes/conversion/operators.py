"""Operators of torch that its ONNX exporter has no form of."""

from typing import Any


def sorted_stably(values: Any, *, stable: bool = False, dim: int = -1, descending: bool = False) -> Any:
    """aten::sort.stable as the whole of a TopK: of equal values ONNX puts the first in front, so it is stable both ways."""
    from onnxscript import opset20

    op: Any = opset20  # its annotations list the types that each operator takes; these are any of torch's numbers
    size = op.Gather(op.Shape(values), op.Constant(value_ints=[dim]))
    return op.TopK(values, size, axis=dim, largest=int(descending), sorted=1)
