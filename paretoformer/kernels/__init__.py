"""Fast single operations: a plain definition of each beside the form that is used."""

from paretoformer.kernels.linear_attention import linear_attention
from paretoformer.kernels.softmax_attention import softmax_attention

__all__ = ["linear_attention", "softmax_attention"]
