"""Lean attention as an operator of torch: programs of equal work."""

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from paretoformer.kernels import dispatch
from paretoformer.kernels.decode_attention import kernels
from paretoformer.kernels.decode_attention.plan import LEAST_STEPS, SETUP_STEPS
from paretoformer.kernels.decode_attention.shape import DecodeShape
from paretoformer.kernels.launch import Launcher, power_of_two, processors, traced

PROGRAMS_PER_PROCESSOR = 2

_lean_spans = Launcher(kernels.lean_spans)
_merge_spans = Launcher(kernels.merge_spans)


def lean_decode(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None) -> Tensor:
    """Lean attention with as many programs as the device of `q` runs at once; arguments as in `decode_attention`."""
    call = lean_decode_spans if traced(q) else _launch
    return call(q, k, v, lengths, PROGRAMS_PER_PROCESSOR * processors(q.device), False)


def _launch(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None, programs: int, one_launch: bool) -> Tensor:
    """Lean attention in at most `programs` programs; no gradient.

    Args:
        q: (B, H, d). k, v: (B, Hkv, S, d), any strides. lengths: (B,), keys of each request; none means S.
        one_launch: the program that stores the last part of a row merges them; else a second launch does, one program
            a query head. Both merge in index order, so that repeats give the same bits.
    """
    dispatch.remember("decode_attention", dispatch.Path.TRITON)
    shape = DecodeShape.of(q, k)
    batch, keys, rows = k.shape[0], k.shape[2], k.shape[0] * shape.heads
    out = torch.empty_like(q, memory_format=torch.contiguous_format)
    slots = 2 * programs
    sizes = (slots * 2 * shape.group, slots * shape.group * shape.width)
    sums, weighted = torch.empty(sum(sizes), dtype=torch.float32, device=q.device).split(sizes)
    arrived = torch.zeros(rows, dtype=torch.int32, device=q.device) if one_launch else None
    spans, merging = _constants(shape, power_of_two(batch, 16), lengths is not None, one_launch)
    strides = (*q.stride(), *k.stride(), *v.stride())
    tensors = (q, k, v, lengths, out, sums, weighted, arrived)
    _lean_spans((programs,), tensors, strides, (batch, keys, shape.scale), spans)
    if not one_launch:
        _merge_spans((rows * shape.group,), (out, lengths, sums, weighted), (), (batch, keys, programs), merging)
    return out


@lru_cache(maxsize=1_024)
def _constants(
    shape: DecodeShape, requests: int, ragged: bool, one_launch: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The compile-time arguments of both kernels."""
    both = shape.constants() | {"RAGGED": ragged, "BLOCK_B": requests, "TILE": shape.tile}
    both |= {"SETUP": SETUP_STEPS, "LEAST": LEAST_STEPS}
    members = power_of_two(shape.group)
    spans = both | shape.attending() | {"G": members, "PIECES": shape.pieces(members), "LAST_MERGES": one_launch}
    return spans, both | {"PIECES": shape.pieces(1)}


lean_decode_spans = torch.library.custom_op("paretoformer::lean_decode", _launch, mutates_args=())


@lean_decode_spans.register_fake
def _(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None, programs: int, one_launch: bool) -> Tensor:
    return torch.empty_like(q, memory_format=torch.contiguous_format)
