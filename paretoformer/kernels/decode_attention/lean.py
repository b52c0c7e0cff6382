"""Lean attention as an operator of torch: programs of equal work, one launch."""

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from paretoformer.kernels import dispatch
from paretoformer.kernels.decode_attention import kernels
from paretoformer.kernels.decode_attention.plan import LEAST_TILES
from paretoformer.kernels.decode_attention.shape import DecodeShape
from paretoformer.kernels.launch import on_device, power_of_two, processors, traced

PROGRAMS_PER_PROCESSOR = 2


def lean_decode(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None) -> Tensor:
    """Lean attention with as many programs as the device of `q` runs at once; arguments as in `decode_attention`."""
    call = lean_decode_spans if traced(q) else _launch
    return call(q, k, v, lengths, PROGRAMS_PER_PROCESSOR * processors(q.device), True)


def _launch(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None, programs: int, one_launch: bool) -> Tensor:
    """Lean attention in at most `programs` programs; no gradient.

    Args:
        q: (B, H, d). k, v: (B, Hkv, S, d), any strides. lengths: (B,), keys of each request; none means S.
        one_launch: the program that stores the last part of a row merges them; else a second launch does. Both merge
            in index order, so that they give the same bits.
    """
    dispatch.remember("decode_attention", dispatch.Path.TRITON)
    shape = DecodeShape.of(q, k)
    batch, keys, rows = k.shape[0], k.shape[2], k.shape[0] * shape.heads
    out = torch.empty_like(q, memory_format=torch.contiguous_format)
    slots = 2 * programs
    sizes = (slots * 2 * shape.group, slots * shape.group * shape.width)
    sums, weighted = torch.empty(sum(sizes), dtype=torch.float32, device=q.device).split(sizes)
    arrived = torch.zeros(rows if one_launch else 1, dtype=torch.int32, device=q.device)
    spans, merging = _constants(shape, batch, lengths is not None, one_launch)
    with on_device(q):
        kernels.lean_spans[(programs,)](
            q, k, v, lengths, out, sums, weighted, arrived, *q.stride(), *k.stride(), *v.stride(), batch, keys,
            shape.scale, **spans,
        )  # fmt: skip
        if not one_launch:
            kernels.merge_spans[(rows,)](lengths, out, sums, weighted, batch, keys, programs, **merging)
    return out


@lru_cache(maxsize=1_024)
def _constants(shape: DecodeShape, batch: int, ragged: bool, one_launch: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The compile-time arguments of both kernels."""
    both = shape.constants() | shape.merging() | {"RAGGED": ragged, "BLOCK_B": power_of_two(batch, 16)}
    both |= {"LEAST": LEAST_TILES, "TILE": shape.tile}
    return both | shape.attending() | {"LAST_MERGES": one_launch}, both


lean_decode_spans = torch.library.custom_op("paretoformer::lean_decode", _launch, mutates_args=())


@lean_decode_spans.register_fake
def _(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None, programs: int, one_launch: bool) -> Tensor:
    return torch.empty_like(q, memory_format=torch.contiguous_format)
