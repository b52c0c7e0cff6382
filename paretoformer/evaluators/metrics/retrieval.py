"""How often the other half of a pair is among those that are found first."""

from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn.functional import normalize

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metric import FRACTION, PairMetric


class Recall(PairMetric):
    """Share of queries whose own partner is among the `first` nearest of the whole split, by the cosine of their vectors.

    Queries are the texts or the sources (`by`). Among equally near ones the order is by chance, and counted as its mean: one
    vector for all reaches `first` of n.
    """

    unit = FRACTION
    minimise = False
    least: ClassVar[float] = 0.0
    most: ClassVar[float] = 1.0

    def __init__(self, by: Literal["text", "source"], first: int) -> None:
        self.by, self.first = by, first
        self.name = f"recall_{first}_by_{by}"

    def parts(self, text: Tensor, source: Tensor, examples: Examples) -> Tensor:
        """text and source: (n, D) each -> the chance that the partner is among the first, and 1: (n, 2) float64."""
        near = normalize(text.double(), dim=-1) @ normalize(source.double(), dim=-1).T  # (n, n)
        near = near if self.by == "text" else near.T
        own = near.diagonal()[:, None]
        nearer, equal = (near > own).sum(1), (near == own).sum(1)
        chance = ((self.first - nearer) / equal).clamp(0, 1)
        return torch.stack((chance, torch.ones_like(chance)), 1).double()
