"""StarReLU: a squared ReLU with a learned scale and shift."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

StarReluStart = Literal["paper", "code"]
_START: dict[str, tuple[float, float]] = {"paper": (0.8**0.5, -(0.2**0.5)), "code": (1.0, 0.0)}


class StarRelu(nn.Module):
    """scale relu(x)^2 + shift with two learned scalars.

    `start` paper gives standard normal numbers mean 0 and variance 1 (0.8944, -0.4472); the official code starts at 1 and 0.
    Source: Yu et al. 2022 (MetaFormer Baselines for Vision), the follow-up of paper 16, as its notes give it.
    """

    def __init__(self, start: StarReluStart) -> None:
        super().__init__()
        scale, shift = _START[start]
        self.scale = nn.Parameter(torch.tensor(scale))
        self.shift = nn.Parameter(torch.tensor(shift))

    def forward(self, x: Tensor) -> Tensor:
        """x of any shape -> the same shape."""
        return torch.addcmul(self.shift, relu(x).square(), self.scale)
