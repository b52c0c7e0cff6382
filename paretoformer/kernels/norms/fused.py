"""Layer, rms and crms normalisation as operators of torch: one pass forward, one backward, a residual added on the way."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from paretoformer.kernels import dispatch
from paretoformer.kernels.launch import Launcher, power_of_two, processors, traced
from paretoformer.kernels.norms import kernels

NUMBERS = 2_048
"""Numbers that a program normalises at once, where rows are narrower."""
PROGRAMS_PER_PROCESSOR = 4
"""Programs of the way back, each with its share of the sums for weight and bias."""

_norm, _way_back = Launcher(kernels.forward), Launcher(kernels.backward)


def fused_norm(
    x: Tensor, residual: Tensor | None, weight: Tensor | None, bias: Tensor | None, eps: float, kind: str
) -> tuple[Tensor, Tensor | None]:
    """(the norm of x + residual, x + residual) over the last dimension; without a residual the second is none."""
    kept = dispatch.wants_gradient(x, residual, weight, bias)
    if traced(x):
        y, total, _, _ = norm_forward(x, residual, weight, bias, eps, kind, kept)
    elif kept:
        y, total = _Norm.apply(x, residual, weight, bias, eps, kind)  # type: ignore[no-untyped-call]
    else:
        y = torch.empty_like(x, memory_format=torch.contiguous_format)
        total = None if residual is None else torch.empty_like(y)
        _run(x, residual, weight, bias, eps, kind, (y, total, None, None))
    return y, None if residual is None else total


def _run(
    x: Tensor,
    residual: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
    kind: str,
    outputs: tuple[Tensor, Tensor | None, Tensor | None, Tensor | None],
) -> None:
    """Write y, x + residual, mean, 1 / deviation; the last two where both are there."""
    dispatch.remember(f"{kind}_norm", dispatch.Path.TRITON)
    width = x.shape[-1]
    rows = x.numel() // width
    block, together, warps = _shape(width)
    constants = {
        "D": width, "BLOCK": block, "ROWS": together, **_form(kind), "ADDS": residual is not None,
        "WEIGHTED": weight is not None, "BIASED": bias is not None, "KEPT": outputs[3] is not None, "num_warps": warps,
    }  # fmt: skip
    given = (x.contiguous(), None if residual is None else residual.contiguous(), weight, bias)
    _norm((-(-rows // together),), given + outputs, (), (rows, eps), constants)


def _forward(
    x: Tensor,
    residual: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
    kind: str,
    kept: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(y, x + residual, mean, 1 / deviation) of x (..., D); what is not asked for is empty.

    Args:
        residual: as x. weight, bias: (D,). kind: layer, rms or crms. kept: keep mean and deviation for the way back.
    """
    y, total, mean, scale = outputs = _outputs(x, residual, kind, kept)
    _run(x, residual, weight, bias, eps, kind, outputs if kept else (y, total, None, None))
    return y, total, mean, scale


norm_forward = torch.library.custom_op("paretoformer::norm", _forward, mutates_args=())


@norm_forward.register_fake
def _(
    x: Tensor,
    residual: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
    kind: str,
    kept: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return _outputs(x, residual, kind, kept)


def _backward(
    dy: Tensor,
    dtotal: Tensor | None,
    total: Tensor,
    weight: Tensor | None,
    mean: Tensor,
    scale: Tensor,
    kind: str,
    biased: bool,
) -> tuple[Tensor, Tensor]:
    """(dx, as many of dweight and dbias as there are, one a row) of `norm_forward`; total is its second output or x."""
    width = total.shape[-1]
    rows = total.numel() // width
    block, together, warps = _shape(width)
    steps = -(-rows // together)
    each = -(-steps // (PROGRAMS_PER_PROCESSOR * processors(total.device)))
    programs = -(-steps // each)
    dx = torch.empty_like(total, memory_format=torch.contiguous_format)
    shares = total.new_empty((weight is not None) + biased, programs, width, dtype=torch.float32)
    constants = {
        "D": width, "BLOCK": block, "ROWS": together, **_form(kind), "ADDS": dtotal is not None,
        "WEIGHTED": weight is not None, "BIASED": biased, "num_warps": warps,
    }  # fmt: skip
    given = (dy.contiguous(), None if dtotal is None else dtotal.contiguous(), total.contiguous(), weight, mean, scale)
    _way_back((programs,), (*given, dx, shares), (), (rows, each), constants)
    return dx, shares.sum(1).to(total.dtype if weight is None else weight.dtype)


norm_backward = torch.library.custom_op("paretoformer::norm_backward", _backward, mutates_args=())


@norm_backward.register_fake
def _(
    dy: Tensor,
    dtotal: Tensor | None,
    total: Tensor,
    weight: Tensor | None,
    mean: Tensor,
    scale: Tensor,
    kind: str,
    biased: bool,
) -> tuple[Tensor, Tensor]:
    dtype = total.dtype if weight is None else weight.dtype
    dx = torch.empty_like(total, memory_format=torch.contiguous_format)
    return dx, total.new_empty((weight is not None) + biased, total.shape[-1], dtype=dtype)


def _outputs(x: Tensor, residual: Tensor | None, kind: str, kept: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The empty outputs of `norm_forward`."""
    rows = x.numel() // x.shape[-1]
    y = torch.empty_like(x, memory_format=torch.contiguous_format)
    total = y.new_empty(0) if residual is None else torch.empty_like(y)
    mean = y.new_empty(rows if kind == "layer" and kept else 0, dtype=torch.float32)
    return y, total, mean, y.new_empty(rows if kept else 0, dtype=torch.float32)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    x, residual, weight, bias, _, ctx.kind = inputs[:6]
    _, total, mean, scale = output
    ctx.adds, ctx.bias_dtype = residual is not None, None if bias is None else bias.dtype
    ctx.save_for_backward(x if residual is None else total, weight, mean, scale)
    ctx.set_materialize_grads(False)


def _gradients(
    backward: Callable[..., tuple[Tensor, Tensor]], ctx: Any, dy: Tensor | None, dtotal: Tensor | None
) -> tuple[Tensor | None, ...]:
    """Of x, residual, weight and bias."""
    total, weight, mean, scale = ctx.saved_tensors
    if dy is None:
        return dtotal, dtotal, None, None
    given, biased = dtotal if ctx.adds else None, ctx.bias_dtype is not None
    dx, affine = backward(dy, given, total, weight, mean, scale, ctx.kind, biased)
    return (
        dx,
        dx if ctx.adds else None,
        None if weight is None else affine[0],
        affine[-1].to(ctx.bias_dtype) if biased else None,
    )


def _operator_gradients(ctx: Any, dy: Tensor | None, dtotal: Tensor | None, *unused: Any) -> tuple[Tensor | None, ...]:
    return *_gradients(norm_backward, ctx, dy, dtotal), None, None, None


norm_forward.register_autograd(_operator_gradients, setup_context=_remember)


class _Norm(torch.autograd.Function):
    """The operator without torch's dispatch."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        residual: Tensor | None,
        weight: Tensor | None,
        bias: Tensor | None,
        eps: float,
        kind: str,
    ) -> tuple[Tensor, Tensor]:
        output = _forward(x, residual, weight, bias, eps, kind, True)
        _remember(ctx, (x, residual, weight, bias, eps, kind), output)
        return output[:2]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor | None, dtotal: Tensor | None) -> tuple[Tensor | None, ...]:
        return *_gradients(_backward, ctx, dy, dtotal), None, None


def _form(kind: str) -> dict[str, bool]:
    """The kernels' constants of a kind of norm."""
    return {"CENTRE": kind == "layer", "LACKS": kind == "crms"}


@lru_cache
def _shape(width: int) -> tuple[int, int, int]:
    """(columns, rows, warps) of a program."""
    block = power_of_two(width)
    rows = max(1, min(16, NUMBERS // block))
    return block, rows, max(4, min(16, block // 512))
