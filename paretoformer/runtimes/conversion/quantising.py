"""Dynamic int8: weights of matrix products in 8 bits, activations quantised as they come."""

import logging
from pathlib import Path

from paretoformer.runtimes.base import NotConvertible, first_line

PRODUCT = "MatMulInteger"


def quantise(path: Path) -> int:
    """Quantise the products with constant weights of a graph file in place; how many there are.

    Convolutions stay as they are, since ONNX Runtime's integer ones are slower than those in fp32.

    Raises:
        NotConvertible: the graph cannot be quantised, or has no such product.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    log = logging.getLogger()
    level = log.level
    log.setLevel(logging.ERROR)  # the root logger is told of steps that change nothing here
    try:
        quantize_dynamic(
            path,
            path,
            op_types_to_quantize=["MatMul"],
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )
    except Exception as error:  # of any kind, from a library that reads a graph that it may not know
        raise NotConvertible(f"this model's graph cannot be quantised: {first_line(error)}") from error
    finally:
        log.setLevel(level)
    products = sum(node.op_type == PRODUCT for node in onnx.load(path, load_external_data=False).graph.node)
    if not products:
        raise NotConvertible("this model has no product with weights that could be quantised; use fp32")
    return products
