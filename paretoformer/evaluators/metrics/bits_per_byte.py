"""How many bits a model needs for each byte of a text."""

import math
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.metric import OutputMetric


class BitsPerByte(OutputMetric):
    """Cross-entropy of the next byte in bits, averaged over bytes; a model that knows nothing needs 8."""

    name = "bits_per_byte"
    unit = "bits/byte"
    minimise = True
    least: ClassVar[float] = 0.0

    def parts(self, outputs: Tensor, examples: Examples) -> Tensor:
        """outputs: (B, N, 256) -> bits and bytes of each example, (B, 2) float64."""
        rows, targets = outputs.float().flatten(0, 1), examples.targets.flatten()
        nats = cross_entropy(rows, targets, ignore_index=IGNORED, reduction="none").reshape_as(examples.targets)
        asked = examples.targets != IGNORED
        return torch.stack((nats.double().sum(1) / math.log(2), asked.sum(1).double()), 1)
