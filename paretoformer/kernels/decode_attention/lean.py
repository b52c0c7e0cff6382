"""Lean attention as an operator of torch: programs of equal work, one launch."""

import torch
from torch import Tensor

from paretoformer.kernels import dispatch
from paretoformer.kernels.decode_attention import kernels
from paretoformer.kernels.decode_attention.plan import LEAST_TILES
from paretoformer.kernels.decode_attention.shape import DecodeShape
from paretoformer.kernels.launch import on_device, power_of_two, processors

PROGRAMS_PER_PROCESSOR = 2


def lean_decode(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None) -> Tensor:
    """Lean attention with as many programs as the device of `q` runs at once; arguments as in `decode_attention`."""
    return lean_decode_spans(q, k, v, lengths, PROGRAMS_PER_PROCESSOR * processors(q.device), True)


@torch.library.custom_op("paretoformer::lean_decode", mutates_args=())
def lean_decode_spans(
    q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None, programs: int, one_launch: bool
) -> Tensor:
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
    ragged = {"RAGGED": lengths is not None, "BLOCK_B": power_of_two(batch, 16), "LEAST": LEAST_TILES}
    with on_device(q):
        kernels.lean_spans[(programs,)](
            q, k, v, lengths, out, sums, weighted, arrived, *q.stride(), *k.stride(), *v.stride(), batch, keys,
            shape.scale, **shape.constants(), **shape.attending(q.dtype), **shape.merging(), **ragged,
            LAST_MERGES=one_launch,
        )  # fmt: skip
        if not one_launch:
            kernels.merge_spans[(rows,)](
                lengths, out, sums, weighted, batch, keys, programs,
                **shape.constants(), **shape.merging(), **ragged, TILE=shape.tile,
            )  # fmt: skip
    return out


@lean_decode_spans.register_fake
def _(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None, programs: int, one_launch: bool) -> Tensor:
    return torch.empty_like(q, memory_format=torch.contiguous_format)
