"""Packed attention as an operator of torch: a program a tile and head, forward and backward."""

from collections.abc import Callable
from functools import lru_cache
from math import e, log2
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from paretoformer.kernels import dispatch
from paretoformer.kernels.launch import Launcher, power_of_two, traced
from paretoformer.kernels.packed_attention import kernels
from paretoformer.kernels.packed_attention.packing import Packing

TILE_BYTES = 16_384
"""Of queries or keys in one tile."""

_attend = Launcher(kernels.forward)
_to_queries, _to_keys = Launcher(kernels.backward_queries), Launcher(kernels.backward_keys)


def attend_by_tiles(q: Tensor, k: Tensor, v: Tensor, packing: Packing, causal: bool) -> Tensor:
    """Arguments as in `packed_attention`, in autocast's dtype."""
    if torch.is_autocast_enabled("cuda"):
        q, k, v = (x.to(torch.get_autocast_dtype("cuda")) for x in (q, k, v))
    given = (q, k, v, packing.offsets, packing.tiles(tile(q.shape[2], q.dtype)), causal)
    kept = dispatch.wants_gradient(q, k, v)
    if traced(q):
        return packed_forward(*given, kept)[0]
    if kept:
        out: Tensor = _Attention.apply(*given)  # type: ignore[no-untyped-call]
        return out
    return _forward(*given, False)[0]


def tile(width: int, dtype: torch.dtype) -> int:
    """Tokens of a tile, for heads of `width` numbers."""
    return max(16, min(64, TILE_BYTES // (power_of_two(width, 16) * dtype.itemsize)))


def _forward(
    q: Tensor, k: Tensor, v: Tensor, offsets: Tensor, tiles: Tensor, causal: bool, kept: bool
) -> tuple[Tensor, Tensor]:
    """(attention, logarithm of the sum of its weights before they were divided, (H, M) fp32, empty unless `kept`).

    Args:
        q: (M, H, d). k, v: (M, Hkv, d), all of one dtype, any strides. offsets, tiles: of a packing, tiles of the size
            that `tile` says.
    """
    dispatch.remember("packed_attention", dispatch.Path.TRITON)
    out, lse = _outputs(q, kept)
    constants = _constants(q.shape[1], q.shape[1] // k.shape[1], q.shape[2], q.dtype, causal)
    strides = (*q.stride(), *k.stride(), *v.stride())
    tensors = (q, k, v, out, lse if kept else None, offsets, tiles)
    numbers = (len(q), log2(e) / q.shape[2] ** 0.5)
    _attend((len(tiles), q.shape[1]), tensors, strides, numbers, constants | {"KEPT": kept})
    return out, lse


packed_forward = torch.library.custom_op("paretoformer::packed_attention", _forward, mutates_args=())


@packed_forward.register_fake
def _(
    q: Tensor, k: Tensor, v: Tensor, offsets: Tensor, tiles: Tensor, causal: bool, kept: bool
) -> tuple[Tensor, Tensor]:
    return _outputs(q, kept)


def _backward(
    dout: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    offsets: Tensor,
    tiles: Tensor,
    causal: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of q, k and v from those of `packed_forward`'s first output; arguments as there."""
    delta = (dout.float() * out.float()).sum(-1).T.contiguous()
    dq, dk, dv = _empty_gradients(q, k, v)
    constants = _constants(q.shape[1], q.shape[1] // k.shape[1], q.shape[2], q.dtype, causal)
    strides = (*q.stride(), *k.stride(), *v.stride(), *dout.stride())
    numbers = (len(q), log2(e) / q.shape[2] ** 0.5)
    read = (q, k, v, dout, lse, delta)
    _to_queries((len(tiles), q.shape[1]), (*read, dq, offsets, tiles), strides, numbers, constants)
    _to_keys((len(tiles), k.shape[1]), (*read, dk, dv, offsets, tiles), strides, numbers, constants)
    return dq, dk, dv


packed_backward = torch.library.custom_op("paretoformer::packed_attention_backward", _backward, mutates_args=())


@packed_backward.register_fake
def _(
    dout: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    offsets: Tensor,
    tiles: Tensor,
    causal: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    return _empty_gradients(q, k, v)


def _empty_gradients(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The empty outputs of `packed_backward`."""
    dq, dk, dv = (torch.empty_like(x, memory_format=torch.contiguous_format) for x in (q, k, v))
    return dq, dk, dv


def _outputs(q: Tensor, kept: bool) -> tuple[Tensor, Tensor]:
    """The empty outputs of `packed_forward`."""
    lse = q.new_empty((q.shape[1], len(q)) if kept else (0,), dtype=torch.float32)
    return torch.empty_like(q, memory_format=torch.contiguous_format), lse


def _remember(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    *tensors, ctx.causal = inputs[:6]
    ctx.save_for_backward(*tensors, *output)


def _gradients(
    backward: Callable[..., tuple[Tensor, Tensor, Tensor]], ctx: Any, dout: Tensor
) -> tuple[Tensor | None, ...]:
    q, k, v, offsets, tiles, out, lse = ctx.saved_tensors
    return *backward(dout, q, k, v, out, lse, offsets, tiles, ctx.causal), None, None, None


def _operator_gradients(ctx: Any, dout: Tensor, unused: Tensor) -> tuple[Tensor | None, ...]:
    return *_gradients(packed_backward, ctx, dout), None


packed_forward.register_autograd(_operator_gradients, setup_context=_remember)


class _Attention(torch.autograd.Function):
    """The operator without torch's dispatch."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, offsets: Tensor, tiles: Tensor, causal: bool) -> Tensor:
        output = _forward(q, k, v, offsets, tiles, causal, True)
        _remember(ctx, (q, k, v, offsets, tiles, causal), output)
        return output[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> tuple[Tensor | None, ...]:
        return _gradients(_backward, ctx, dout)


@lru_cache(maxsize=1_024)
def _constants(heads: int, group: int, width: int, dtype: torch.dtype, causal: bool) -> dict[str, Any]:
    """The compile-time arguments that all three kernels share."""
    block = power_of_two(width, 16)
    return {
        "HEADS": heads,
        "GROUP": group,
        "D": width,
        "BLOCK_D": block,
        "TILE": tile(width, dtype),
        "CAUSAL": causal,
        "PRECISION": "tf32x3" if dtype == torch.float32 else "ieee",
        "STAGES": 2,
    }
