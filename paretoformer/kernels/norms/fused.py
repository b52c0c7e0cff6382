"""Layer and rms normalisation as operators of torch: one pass forward, one backward, a residual added on the way."""

from typing import Any

import torch
from torch import Tensor

from paretoformer.kernels import dispatch
from paretoformer.kernels.launch import on_device, power_of_two, processors
from paretoformer.kernels.norms import kernels

NUMBERS = 4_096
"""Numbers that a program normalises at once, where rows are narrower."""


def fused_norm(
    x: Tensor, residual: Tensor | None, weight: Tensor | None, bias: Tensor | None, eps: float, centre: bool
) -> tuple[Tensor, Tensor]:
    """(the norm of x + residual, x + residual) over the last dimension; without a residual the second is empty."""
    kept = dispatch.wants_gradient(x, residual, weight, bias)
    y, total, _, _ = norm_forward(x, residual, weight, bias, eps, centre, kept)
    return y, total


@torch.library.custom_op("paretoformer::norm", mutates_args=())
def norm_forward(
    x: Tensor,
    residual: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
    centre: bool,
    kept: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(y, x + residual, mean, 1 / deviation) of x (..., D); what is not asked for is empty.

    Args:
        residual: as x. weight, bias: (D,). centre: subtract the mean. kept: keep mean and deviation for the way back.
    """
    dispatch.remember("layer_norm" if centre else "rms_norm", dispatch.Path.TRITON)
    x = x.contiguous()
    residual = None if residual is None else residual.contiguous()
    y, total, mean, scale = _outputs(x, residual, centre, kept)
    width = x.shape[-1]
    rows = x.numel() // width
    block, together, warps = _shape(width)
    with on_device(x):
        kernels.forward[(-(-rows // together),)](
            x, residual, weight, bias, y, total, mean, scale, rows, eps, D=width, BLOCK=block, ROWS=together,
            CENTRE=centre, ADDS=residual is not None, WEIGHTED=weight is not None, BIASED=bias is not None, KEPT=kept,
            num_warps=warps,
        )  # fmt: skip
    return y, total, mean, scale


@norm_forward.register_fake
def _(
    x: Tensor,
    residual: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
    centre: bool,
    kept: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return _outputs(x, residual, centre, kept)


@torch.library.custom_op("paretoformer::norm_backward", mutates_args=())
def norm_backward(
    dy: Tensor,
    dtotal: Tensor | None,
    total: Tensor,
    weight: Tensor | None,
    mean: Tensor,
    scale: Tensor,
    centre: bool,
    biased: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """(dx, dweight, dbias) of `norm_forward`, whose second output or x is `total`; what is not asked for is empty."""
    dy, total = dy.contiguous(), total.contiguous()
    dtotal = None if dtotal is None else dtotal.contiguous()
    width = total.shape[-1]
    rows = total.numel() // width
    block, together, warps = _shape(width)
    steps = -(-rows // together)
    each = -(-steps // (4 * processors(total.device)))
    programs = -(-steps // each)
    dx = torch.empty_like(total)
    dweight = total.new_empty((programs, width) if weight is not None else (0, width), dtype=torch.float32)
    dbias = total.new_empty((programs, width) if biased else (0, width), dtype=torch.float32)
    with on_device(total):
        kernels.backward[(programs,)](
            dy, dtotal, total, weight, mean, scale, dx, dweight, dbias, rows, each, D=width, BLOCK=block, ROWS=together,
            CENTRE=centre, ADDS=dtotal is not None, WEIGHTED=weight is not None, BIASED=biased, num_warps=warps,
        )  # fmt: skip
    dtype = total.dtype if weight is None else weight.dtype
    return dx, dweight.sum(0).to(dtype), dbias.sum(0).to(dtype)


@norm_backward.register_fake
def _(
    dy: Tensor,
    dtotal: Tensor | None,
    total: Tensor,
    weight: Tensor | None,
    mean: Tensor,
    scale: Tensor,
    centre: bool,
    biased: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    dtype = total.dtype if weight is None else weight.dtype
    width = total.shape[-1]
    dx = torch.empty_like(total, memory_format=torch.contiguous_format)
    return dx, total.new_empty(width, dtype=dtype), total.new_empty(width, dtype=dtype)


def _outputs(x: Tensor, residual: Tensor | None, centre: bool, kept: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The empty outputs of `norm_forward`."""
    rows = x.numel() // x.shape[-1]
    y = torch.empty_like(x, memory_format=torch.contiguous_format)
    total = y.new_empty(0) if residual is None else torch.empty_like(y)
    mean = y.new_empty(rows if centre and kept else 0, dtype=torch.float32)
    return y, total, mean, y.new_empty(rows if kept else 0, dtype=torch.float32)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    x, residual, weight, bias, _, ctx.centre, _ = inputs
    _, total, mean, scale = output
    ctx.adds, ctx.biased, ctx.bias_dtype = residual is not None, bias is not None, None if bias is None else bias.dtype
    ctx.save_for_backward(x if residual is None else total, weight, mean, scale)
    ctx.mark_non_differentiable(mean, scale)
    ctx.set_materialize_grads(False)


def _backward(ctx: Any, dy: Tensor | None, dtotal: Tensor | None, *unused: Any) -> tuple[Tensor | None, ...]:
    total, weight, mean, scale = ctx.saved_tensors
    if dy is None:
        return dtotal, dtotal, None, None, None, None, None
    dx, dweight, dbias = norm_backward(
        dy, dtotal if ctx.adds else None, total, weight, mean, scale, ctx.centre, ctx.biased
    )
    return (
        dx,
        dx if ctx.adds else None,
        None if weight is None else dweight,
        dbias.to(ctx.bias_dtype) if ctx.biased else None,
        None,
        None,
        None,
    )


norm_forward.register_autograd(_backward, setup_context=_remember)


def _shape(width: int) -> tuple[int, int, int]:
    """(columns, rows, warps) of a program."""
    block = power_of_two(width)
    rows = max(1, min(16, NUMBERS // block))
    return block, rows, max(4, min(16, block // 512))
