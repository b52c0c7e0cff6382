"""Monomials of a vector as features, whose products are polynomials of the vectors' product."""

from itertools import combinations_with_replacement
from math import comb, factorial, prod
from typing import Literal

import torch
from torch import Tensor, nn

from paretoformer.search_spaces.contract.position import ExactBuffers

FeatureKind = Literal["identity", "polynomial", "homogeneous"]


def feature_count(kind: FeatureKind, degree: int, width: int) -> int:
    """Features of a vector of `width` numbers."""
    if kind == "identity":
        return width
    return comb(width + degree, degree) if kind == "polynomial" else comb(width + degree - 1, degree)


class PolynomialFeatures(ExactBuffers):
    """identity: x. polynomial: phi(x) . phi(y) = sum a_i (x . y)^i, i <= degree, a_i learned from 1 / i! on.
    homogeneous: phi(x) . phi(y) = (x . y)^degree.

    Each distinct monomial is one feature, weighted by the root of a_i and of how often it occurs in the power.
    Source: paper 19. That all heads of a layer share the coefficients is ours; the paper does not say.
    """

    def __init__(self, kind: FeatureKind, degree: int, width: int) -> None:
        super().__init__()
        self.kind = kind
        self.degrees = {"identity": (), "homogeneous": (degree,), "polynomial": tuple(range(1, degree + 1))}[kind]
        for power in self.degrees:
            monomials = list(combinations_with_replacement(range(width), power))
            self.register_buffer(f"channels{power}", torch.tensor(monomials).mT, persistent=False)
            often = [factorial(power) // prod(factorial(m.count(c)) for c in set(m)) for m in monomials]
            self.register_buffer(f"roots{power}", torch.tensor(often, dtype=torch.float64).sqrt(), persistent=False)
        learned = [factorial(i) ** -0.5 for i in range(degree + 1)] if kind == "polynomial" else []
        self.coefficients = nn.Parameter(torch.tensor(learned)) if learned else None
        """Roots of a_0 .. a_degree."""

    def forward(self, x: Tensor) -> Tensor:
        """x: (..., d) -> (..., features), in the type of x."""
        if not self.degrees:
            return x
        powers = [self._monomials(x, power) for power in self.degrees]
        if self.coefficients is None:
            return powers[0]
        roots = self.coefficients.to(x.dtype)
        ones = torch.ones_like(x[..., :1])
        return torch.cat([root * part for root, part in zip(roots, (ones, *powers), strict=True)], -1)

    def norm(self) -> Tensor | float:
        """phi(x) . phi(x) of a vector of length 1."""
        return 1.0 if self.coefficients is None else self.coefficients.square().sum()

    def _monomials(self, x: Tensor, power: int) -> Tensor:
        channels, roots = getattr(self, f"channels{power}"), getattr(self, f"roots{power}")
        product = x[..., channels[0]]
        for row in channels[1:]:
            product = product * x[..., row]
        return product * roots.to(x.dtype)
