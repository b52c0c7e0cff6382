"""Matrices brought near orthogonal by products alone: the step of the optimiser Muon."""

import torch
from torch import Tensor

from paretoformer.kernels.dispatch import defined, shapes

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of x, x^3 and x^5; chosen for speed, so that singular values end between 0.7 and 1.2 instead of at 1."""

MOST_AT_ONCE = 5
"""Steps in one polynomial; more would blow rounding up, 3.4 times each, where x has no rank."""


def newton_schulz(x: Tensor, steps: int) -> Tensor:
    """U V^T of each matrix x = U S V^T, roughly: each step takes singular values s to a s + b s^3 + c s^5.

    All steps together are one polynomial of x x^T, times x. Where x is much wider than high (or higher than wide) and steps
    are few, that polynomial is found first, which takes fewer products; in fp32 it is exact to some 2e-4, and to 1e-5 else.
    Cost per matrix of m x n, m <= n: see `newton_schulz_macs`.

    Args:
        x: (..., m, n); 0 stays 0.
        steps: 5 take singular values from 0.05 of the norm of x on into 0.68 .. 1.14.

    Raises:
        ValueError: x is no matrix of floating-point numbers, or there is no step.

    Source: Jordan et al. 2024 (Muon).
    """
    if x.ndim < 2 or not x.is_floating_point() or steps < 1:
        raise ValueError(
            f"newton_schulz takes floating-point x (..., m, n) and a step at least, got {steps} of {shapes(x=x)}."
        )
    wide = x.shape[-2] <= x.shape[-1]
    y = x if wide else x.mT
    y = y / (torch.linalg.matrix_norm(y, keepdim=True) + 1e-7)
    at_once = not defined("newton_schulz") and _by_polynomial(y.shape[-2], y.shape[-1], steps)
    y = _polynomial(y @ y.mT, steps) @ y if at_once else newton_schulz_reference(y, steps)
    return y if wide else y.mT


def newton_schulz_reference(x: Tensor, steps: int) -> Tensor:
    """The steps as they are defined, on matrices (..., m, n) of norm 1."""
    a, b, c = COEFFICIENTS
    for _ in range(steps):
        square = x @ x.mT
        x = a * x + (b * square + c * (square @ square)) @ x
    return x


def newton_schulz_macs(rows: int, columns: int, steps: int) -> int:
    """Multiply-accumulates for one matrix."""
    least, most = sorted((rows, columns))
    if _by_polynomial(least, most, steps):
        return 2 * least**2 * most + (4 * steps - 3) * least**3
    return steps * (2 * least**2 * most + least**3)


def _by_polynomial(least: int, most: int, steps: int) -> bool:
    return steps <= MOST_AT_ONCE and 2 * most + (4 * steps - 3) * least < steps * (2 * most + least)


def _polynomial(square: Tensor, steps: int) -> Tensor:
    """The product of all steps, of square = x x^T (..., m, m)."""
    a, b, c = COEFFICIENTS
    shape, square, product = square.shape, square.flatten(0, -3) if square.ndim > 2 else square[None], None
    scaled_one = a * torch.eye(shape[-1], dtype=square.dtype, device=square.device)
    for left in reversed(range(steps)):
        factor = torch.baddbmm(square, square, square, beta=b, alpha=c) + scaled_one
        product = factor if product is None else factor @ product
        if left:
            square = factor @ square @ factor
    assert product is not None
    return product.view(shape)
