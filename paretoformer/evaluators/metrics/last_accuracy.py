"""The share of right answers among the last that each example asks."""

import torch
from torch import Tensor

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.metrics.accuracy import Accuracy


class LastAccuracy(Accuracy):
    """Share of examples of which the last target is what the largest output names."""

    name = "last-accuracy"

    def parts(self, outputs: Tensor, examples: Examples) -> Tensor:
        """outputs: (B, N, classes) -> (B, 2) float64."""
        asked = examples.targets != IGNORED  # (B, N)
        places = torch.arange(asked.shape[1], device=asked.device)
        last = (asked * (places + 1)).argmax(1, keepdim=True)
        right = outputs.argmax(-1).gather(1, last) == examples.targets.gather(1, last)
        return torch.cat((right, asked.any(1, keepdim=True)), 1).double()
