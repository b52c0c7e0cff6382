"""Normalisation over the last dimension, by itself or of a sum: definitions, torch's form, and fused kernels."""

import torch
from torch import Tensor
from torch.nn import functional

from paretoformer.kernels.dispatch import Path, choose, shapes, wants_gradient

WIDEST = 16_384
LEAST_BYTES = 16 << 20
"""Size of x below which torch's norm is faster on a GPU than the fused one, whose launch takes the host longer."""
LEAST_BYTES_TRAINED = 64 << 20
"""The same where gradients are wanted, since autograd calls back into Python."""


LEAST_NUMBERS = 1 << 16
"""Of x in a CPU's memory, above which torch's rms norm takes longer than a vector's norm, which writes no squares."""


def layer_norm(x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """(x - mean) / sqrt(variance + eps) * weight + bias over the last dimension of x (..., D); weight, bias: (D,).

    Raises:
        ValueError: weight or bias is not (D,) on x's device.
    """
    path = _path("layer_norm", x, None, weight, bias)
    if path is Path.TRITON:
        return _fused(x, None, weight, bias, eps, kind="layer")[0]
    if path is Path.REFERENCE:
        return layer_norm_reference(x, weight, bias, eps)
    return functional.layer_norm(x, x.shape[-1:], weight, bias, eps)


def rms_norm(x: Tensor, weight: Tensor | None, eps: float) -> Tensor:
    """x / sqrt(mean(x^2) + eps) * weight over the last dimension of x (..., D); weight: (D,).

    Raises:
        ValueError: weight is not (D,) on x's device.
    """
    path = _path("rms_norm", x, None, weight, None)
    if path is Path.TRITON:
        return _fused(x, None, weight, None, eps, kind="rms")[0]
    if path is Path.REFERENCE:
        return rms_norm_reference(x, weight, eps)
    return _rms_by_torch(x, weight, eps)


def crms_norm(x: Tensor, eps: float) -> Tensor:
    """x / sqrt((sum x^2 + (sum x)^2) / (D + 1) + eps) over the last dimension of x (..., D).

    The rms norm of D + 1 entries whose mean is 0, and of which the last is not there. Source: paper 21 (CRMSNorm).
    """
    path = _path("crms_norm", x, None, None, None)
    if path is Path.TRITON:
        return _fused(x, None, None, None, eps, kind="crms")[0]
    return crms_norm_reference(x, eps) if path is Path.REFERENCE else _crms_by_torch(x, eps)


def add_layer_norm(
    x: Tensor, residual: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor]:
    """(layer_norm(x + residual), x + residual), in one pass where there is a kernel."""
    path = _path("layer_norm", x, residual, weight, bias)
    if path is Path.TRITON:
        y, total = _fused(x, residual, weight, bias, eps, kind="layer")
        assert total is not None
        return y, total
    total = x + residual
    if path is Path.REFERENCE:
        return layer_norm_reference(total, weight, bias, eps), total
    return functional.layer_norm(total, total.shape[-1:], weight, bias, eps), total


def add_rms_norm(x: Tensor, residual: Tensor, weight: Tensor | None, eps: float) -> tuple[Tensor, Tensor]:
    """(rms_norm(x + residual), x + residual), in one pass where there is a kernel."""
    path = _path("rms_norm", x, residual, weight, None)
    if path is Path.TRITON:
        y, total = _fused(x, residual, weight, None, eps, kind="rms")
        assert total is not None
        return y, total
    total = x + residual
    if path is Path.REFERENCE:
        return rms_norm_reference(total, weight, eps), total
    return _rms_by_torch(total, weight, eps), total


def add_crms_norm(x: Tensor, residual: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """(crms_norm(x + residual), x + residual), in one pass where there is a kernel."""
    path = _path("crms_norm", x, residual, None, None)
    if path is Path.TRITON:
        y, total = _fused(x, residual, None, None, eps, kind="crms")
        assert total is not None
        return y, total
    total = x + residual
    return crms_norm_reference(total, eps) if path is Path.REFERENCE else _crms_by_torch(total, eps), total


def layer_norm_reference(x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """The definition, in fp32 at least; arguments as in `layer_norm`."""
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    centred = wide - wide.mean(-1, keepdim=True)
    y = centred / (centred.square().mean(-1, keepdim=True) + eps).sqrt()
    y = y if weight is None else y * weight
    return (y if bias is None else y + bias).to(x.dtype)


def rms_norm_reference(x: Tensor, weight: Tensor | None, eps: float) -> Tensor:
    """The definition, in fp32 at least; arguments as in `rms_norm`."""
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    y = wide / (wide.square().mean(-1, keepdim=True) + eps).sqrt()
    return (y if weight is None else y * weight).to(x.dtype)


def crms_norm_reference(x: Tensor, eps: float) -> Tensor:
    """The definition, in fp32 at least; arguments as in `crms_norm`."""
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    squares = wide.square().sum(-1, keepdim=True) + wide.sum(-1, keepdim=True).square()
    return (wide / (squares / (x.shape[-1] + 1) + eps).sqrt()).to(x.dtype)


def norm_rule(x: Tensor, residual: Tensor | None, weight: Tensor | None, bias: Tensor | None) -> Path | str:
    """The best path on a GPU, or why the kernels cannot take these operands."""
    if torch.compiler.is_compiling() or torch.is_autocast_enabled("cuda"):
        return Path.TORCH  # torch's compiler fuses a norm with its neighbours, autocast widens it
    least = LEAST_BYTES_TRAINED if wants_gradient(x, residual, weight, bias) else LEAST_BYTES
    if x.numel() * x.element_size() < least:
        return Path.TORCH
    if x.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        return f"no kernel for {x.dtype}"
    if x.shape[-1] > WIDEST:
        return f"rows of {x.shape[-1]} numbers are wider than {WIDEST}"
    if residual is not None and (residual.shape != x.shape or residual.dtype != x.dtype):
        return "x and residual differ in shape or dtype"
    return Path.TRITON


def _rms_by_torch(x: Tensor, weight: Tensor | None, eps: float) -> Tensor:
    known = not (torch.compiler.is_compiling() or torch.compiler.is_exporting())  # else sizes may be symbols
    wide = x.dtype in (torch.float32, torch.float64)
    if not known or x.device.type != "cpu" or not wide or x.numel() < LEAST_NUMBERS:
        return functional.rms_norm(x, x.shape[-1:], weight, eps)
    squares = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square()
    y = x * (squares / x.shape[-1] + eps).rsqrt()
    return y if weight is None else y * weight


def _crms_by_torch(x: Tensor, eps: float) -> Tensor:
    """A vector's norm reads a row without writing its squares."""
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    length, lacking = torch.linalg.vector_norm(wide, dim=-1, keepdim=True), wide.sum(-1, keepdim=True)
    squares = length.square() + lacking.square()
    return (wide * (squares / (x.shape[-1] + 1) + eps).rsqrt()).to(x.dtype)


def _path(operation: str, x: Tensor, residual: Tensor | None, weight: Tensor | None, bias: Tensor | None) -> Path:
    if not torch.compiler.is_compiling():
        for parameter in (weight, bias):
            if parameter is not None and not _fits(parameter, x):
                given = shapes(x=x, weight=weight, bias=bias)
                raise ValueError(
                    f"a norm's weight and bias are (D,) on the device of x (..., D), in its dtype or fp32, got {given}."
                )
        if residual is not None and (residual.shape != x.shape or residual.device != x.device):
            raise ValueError(f"a norm of a sum takes two alike on one device, got {shapes(x=x, residual=residual)}.")
        if not x.ndim or not x.is_floating_point():
            raise ValueError(f"a norm takes floating-point x (..., D), got {shapes(x=x)}.")
    return choose(operation, norm_rule, x, residual, weight, bias)


def _fits(parameter: Tensor, x: Tensor) -> bool:
    alike = parameter.dtype in (x.dtype, torch.float32) or (
        x.device.type != "meta" and torch.is_autocast_enabled(x.device.type)
    )
    return alike and parameter.shape == x.shape[-1:] and parameter.device == x.device


def _fused(
    x: Tensor, residual: Tensor | None, weight: Tensor | None, bias: Tensor | None, eps: float, *, kind: str
) -> tuple[Tensor, Tensor | None]:
    from paretoformer.kernels.norms.fused import fused_norm

    return fused_norm(x, residual, weight, bias, eps, kind)
