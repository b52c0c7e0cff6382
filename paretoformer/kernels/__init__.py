"""Fast single operations: a plain definition of each beside the forms that are used, and one rule that picks."""

from paretoformer.kernels.decode_attention import decode_attention
from paretoformer.kernels.dispatch import forget_paths, paths_taken
from paretoformer.kernels.distributed_attention import distributed_attention
from paretoformer.kernels.linear_attention import linear_attention, linear_attention_with_divisor
from paretoformer.kernels.norms import add_crms_norm, add_layer_norm, add_rms_norm, crms_norm, layer_norm, rms_norm
from paretoformer.kernels.packed_attention import Packing, packed_attention
from paretoformer.kernels.softmax_attention import softmax_attention

__all__ = [
    "Packing",
    "add_crms_norm",
    "add_layer_norm",
    "add_rms_norm",
    "crms_norm",
    "decode_attention",
    "distributed_attention",
    "forget_paths",
    "layer_norm",
    "linear_attention",
    "linear_attention_with_divisor",
    "packed_attention",
    "paths_taken",
    "rms_norm",
    "softmax_attention",
]
