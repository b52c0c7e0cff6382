"""Small networks that store pairs of keys and values in their weights, with gradients in closed form.

All of them are trained on |M(phi(k)) - v|^2. A gradient of one pair is a product of a column and a row for each weight
matrix, so that the sum over a window is one matrix product.
"""

import math
from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn.functional import gelu

MemoryKind = Literal["mlp", "gated", "linear"]
Weights = tuple[Tensor, ...]


class NeuralMemory(ABC):
    """A network from `features` to `width` numbers, with weights that are given: W1 (width, hidden), W2 (hidden, features), ..."""

    shapes: tuple[tuple[int, int], ...]
    """Rows and columns of each weight matrix."""

    @abstractmethod
    def gradients(self, weights: Weights, features: Tensor, k: Tensor, v: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Column (.., J, rows) and row (.., J, columns) of each matrix' gradient, of each of J pairs by itself.

        weights: (.., rows, columns) each. features: (.., J, features). k, v: (.., J, width).
        """

    @abstractmethod
    def read(self, weights: Weights, features: Tensor, q: Tensor) -> Tensor:
        """M(features) (.., J, width); weights (.., rows, columns), features (.., J, features), q (.., J, width)."""

    @property
    @abstractmethod
    def gradient_macs(self) -> int:
        """Multiply-accumulates of `gradients` for one pair."""

    @property
    def size(self) -> int:
        """Numbers in all weights; also the multiply-accumulates of `read` for one query."""
        return sum(rows * columns for rows, columns in self.shapes)


class LinearMemory(NeuralMemory):
    """M = W phi(x)."""

    def __init__(self, width: int, hidden: int, features: int) -> None:
        self.shapes = ((width, features),)

    def gradients(self, weights: Weights, features: Tensor, k: Tensor, v: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Twice the residual, and the features."""
        return [(2 * (features @ weights[0].mT - v), features)]

    def read(self, weights: Weights, features: Tensor, q: Tensor) -> Tensor:
        """W phi(q)."""
        return features @ weights[0].mT

    @property
    def gradient_macs(self) -> int:
        """The prediction."""
        return self.size


class MlpMemory(NeuralMemory):
    """M = x + W1 gelu(W2 phi(x)). Source: paper 19; the residual is of x itself, as phi(x) is wider (ours)."""

    matrices: ClassVar[int] = 1
    """From features to the hidden layer."""

    def __init__(self, width: int, hidden: int, features: int) -> None:
        self.width, self.hidden = width, hidden
        self.shapes = ((width, hidden), *((hidden, features),) * self.matrices)

    def gradients(self, weights: Weights, features: Tensor, k: Tensor, v: Tensor) -> list[tuple[Tensor, Tensor]]:
        """By the chain rule, term by term."""
        inner = [features @ weight.mT for weight in weights[1:]]
        hidden = self.activated(inner)
        residual = 2 * (k + hidden @ weights[0].mT - v)
        back = residual @ weights[0]
        return [(residual, hidden), *((back * slope, features) for slope in self.slopes(inner))]

    def read(self, weights: Weights, features: Tensor, q: Tensor) -> Tensor:
        """q + W1 act(...)."""
        return q + self.activated([features @ weight.mT for weight in weights[1:]]) @ weights[0].mT

    def activated(self, inner: list[Tensor]) -> Tensor:
        """The hidden layer of what reaches it."""
        return gelu(inner[0])

    def slopes(self, inner: list[Tensor]) -> list[Tensor]:
        """Derivatives of the hidden layer by each of what reaches it."""
        return [gelu_slope(inner[0])]

    @property
    def gradient_macs(self) -> int:
        """The prediction, and the residual brought back."""
        return self.size + self.width * self.hidden


class GatedMemory(MlpMemory):
    """M = x + W1 (gelu(W2 phi(x)) * W3 phi(x)). Source: paper 19, Atlas++."""

    matrices = 2

    def activated(self, inner: list[Tensor]) -> Tensor:
        """Gated."""
        return gelu(inner[0]) * inner[1]

    def slopes(self, inner: list[Tensor]) -> list[Tensor]:
        """Of the activation and of its gate."""
        return [gelu_slope(inner[0]) * inner[1], gelu(inner[0])]


MEMORIES: dict[str, type[LinearMemory] | type[MlpMemory]] = {
    "linear": LinearMemory,
    "mlp": MlpMemory,
    "gated": GatedMemory,
}


def gelu_slope(x: Tensor) -> Tensor:
    """The derivative of x Phi(x)."""
    density = (-x.square() / 2).exp() / math.sqrt(2 * math.pi)
    return (1 + torch.erf(x / math.sqrt(2))) / 2 + x * density
