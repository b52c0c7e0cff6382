"""From a model to ONNX graphs: of its `forward`, and of the two halves of a decode with the state as inputs and outputs.

`to_onnx` and `decode_to_onnx` convert a model at hand and hold what they make against it; an export wraps them. Runtimes ask
`converted` for the graphs of a workload as files, which are made once, in a process of their own, and kept.
"""

from paretoformer.runtimes.conversion.checks import TOLERANCE
from paretoformer.runtimes.conversion.converting import OPSET, Converted, DecodeGraphs, decode_to_onnx, to_onnx
from paretoformer.runtimes.conversion.files import converted

__all__ = ["OPSET", "TOLERANCE", "Converted", "DecodeGraphs", "converted", "decode_to_onnx", "to_onnx"]
