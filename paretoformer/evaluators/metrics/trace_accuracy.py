"""The share of a trace that is written right."""

from typing import ClassVar

import torch
from torch import Tensor

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metric import FRACTION, GeneratedMetric


class TraceAccuracy(GeneratedMetric):
    """Share of the tokens before the first `marker` that the model, which goes on from its own, writes at the same place.

    Args:
        marker: the token that closes a trace.
        sizes: the sizes of examples that are counted.
    """

    name = "trace-accuracy"
    unit = FRACTION
    minimise = False
    least: ClassVar[float] = 0.0
    most: ClassVar[float] = 1.0

    def __init__(self, *, marker: int, sizes: tuple[int, ...]) -> None:
        self._marker, self._sizes = marker, sizes

    def parts(self, generated: Tensor, examples: Examples) -> Tensor:
        """generated: ids (B, T) -> right tokens and tokens of each example's trace, (B, 2) float64."""
        assert examples.sizes is not None, "examples have sizes"
        width = examples.targets.shape[1]
        places = examples.asked_from[:, None] + torch.arange(width)  # (B, N)
        wanted = examples.targets.gather(1, places.clamp_max(width - 1))
        trace = ((wanted == self._marker).cumsum(1) == 0) & (places < width)
        counted = trace & (examples.sizes[:, None] == torch.tensor(self._sizes)).any(1, keepdim=True)
        shared = min(width, generated.shape[1])
        right = counted[:, :shared] & (generated[:, :shared] == wanted[:, :shared])
        return torch.stack((right.sum(1), counted.sum(1)), 1).double()
