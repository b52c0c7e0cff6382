"""Matrices brought near orthogonal by products alone: the step of the optimiser Muon."""

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of x, x^3 and x^5; chosen for speed, so that singular values end between 0.7 and 1.2 instead of at 1."""


def newton_schulz(x: Tensor, steps: int) -> Tensor:
    """U V^T of each matrix x = U S V^T, roughly: each step takes singular values s to a s + b s^3 + c s^5.

    Cost per matrix of m x n, m <= n: (2 m^2 n + m^3) MACs a step.

    Args:
        x: (..., m, n); 0 stays 0.
        steps: 5 take singular values from 0.05 of the norm of x on into 0.68 .. 1.14.

    Source: Jordan et al. 2024 (Muon).
    """
    a, b, c = COEFFICIENTS
    wide = x.shape[-2] <= x.shape[-1]
    y = x if wide else x.mT
    y = y / (torch.linalg.matrix_norm(y, keepdim=True) + 1e-7)
    for _ in range(steps):
        square = y @ y.mT
        y = a * y + (b * square + c * (square @ square)) @ y
    return y if wide else y.mT


def newton_schulz_macs(rows: int, columns: int, steps: int) -> int:
    """Multiply-accumulates for one matrix."""
    least, most = sorted((rows, columns))
    return steps * (2 * least**2 * most + least**3)
