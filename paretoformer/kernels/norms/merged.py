"""Batch norms with running statistics as one factor and one shift a channel, alone or inside the next linear layer."""

import torch
from torch import Tensor


def merged(
    weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, eps: float, alpha: Tensor | float = 0.0
) -> tuple[Tensor, Tensor]:
    """Factor and shift (D,), in fp32 at least, of (x - mean) / sqrt(variance + eps) * weight + bias + alpha x.

    That is a batch norm in evaluation and, with `alpha`, a PRepBN whose schedule has ended.

    Args:
        weight, bias, mean, variance: (D,). alpha: a number, or (1,).

    Source: paper 18, section (b), folding.
    """
    wide = torch.promote_types(variance.dtype, torch.float32)
    scale = weight * (variance.to(wide) + eps).rsqrt()
    return scale + alpha, bias - mean * scale


def affine(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """x * scale + shift in one pass: x (..., D), scale and shift (D,)."""
    return torch.addcmul(shift, x, scale)


def folded_into_linear(scale: Tensor, shift: Tensor, weight: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor]:
    """Weight (out, D) and bias (out,) of the linear layer that does what `affine`, then the given one, do.

    Args:
        scale, shift: (D,). weight: (out, D). bias: (out,), or none, which counts as 0.
    """
    wide = weight.to(torch.promote_types(weight.dtype, scale.dtype))
    added = (wide @ shift.to(wide.dtype)).to(weight.dtype)
    return (wide * scale).to(weight.dtype), added if bias is None else bias + added
