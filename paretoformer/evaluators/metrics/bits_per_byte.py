"""How many bits a model needs for each byte of a text."""

import math
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import cross_entropy

from paretoformer.evaluators.criterion import IGNORED
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metric import Metric


class BitsPerByte(Metric):
    """Cross-entropy of the next byte in bits, averaged over bytes; a model that knows nothing needs 8."""

    name: ClassVar[str] = "bits_per_byte"
    unit: ClassVar[str] = "bits/byte"
    minimise: ClassVar[bool] = True
    least: ClassVar[float] = 0.0

    def parts(self, outputs: Tensor, examples: Examples) -> tuple[Tensor, Tensor]:
        """outputs: (B, N, 256) -> bits and bytes of each example, both (B,) float64."""
        rows, targets = outputs.float().flatten(0, 1), examples.targets.flatten()
        nats = cross_entropy(rows, targets, ignore_index=IGNORED, reduction="none").reshape_as(examples.targets)
        asked = examples.targets != IGNORED
        return nats.double().sum(1) / math.log(2), asked.sum(1).double()
