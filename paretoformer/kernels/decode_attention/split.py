"""Flash decoding: every row in the same number of equal parts. What lean attention is compared with."""

import torch
from torch import Tensor

from paretoformer.kernels.decode_attention import kernels
from paretoformer.kernels.decode_attention.shape import DecodeShape
from paretoformer.kernels.launch import on_device, processors

MOST_SPLITS = 128
FULL = 0.8
"""Of the processors busy is enough not to split."""
GOOD = 0.85
"""Of the best efficiency is enough for fewer splits."""


def splits_for(rows: int, tiles: int, processors: int) -> int:
    """The number of parts by flash-attn's rule: the fewest whose last wave is nearly as full as the best's.

    Args:
        rows: key heads of all requests. tiles: of the longest row. processors: of the device.
    """
    if rows >= FULL * processors:
        return 1
    efficiency: dict[int, float] = {}
    sizes: set[int] = set()
    for splits in range(1, min(MOST_SPLITS, processors, tiles) + 1):
        size = -(-tiles // splits)
        if size not in sizes:
            sizes.add(size)
            efficiency[splits] = (rows * splits / processors) / -(-rows * splits // processors)
    return min(splits for splits, value in efficiency.items() if value >= GOOD * max(efficiency.values()))


def split_decode(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None, splits: int | None = None) -> Tensor:
    """Flash decoding; arguments as in `decode_attention`, `splits` by `splits_for` unless given; no gradient."""
    shape = DecodeShape.of(q, k)
    keys, rows = k.shape[2], k.shape[0] * shape.heads
    splits = splits or splits_for(rows, max(1, -(-keys // shape.tile)), processors(q.device))
    out = torch.empty_like(q, memory_format=torch.contiguous_format)
    sums = torch.empty(rows * splits * 2 * shape.group, dtype=torch.float32, device=q.device)
    weighted = torch.empty(rows * splits * shape.group * shape.width, dtype=torch.float32, device=q.device)
    with on_device(q):
        kernels.fixed_splits[(rows * splits,)](
            q, k, v, lengths, out, sums, weighted, *q.stride(), *k.stride(), *v.stride(), keys, splits, shape.scale,
            **shape.constants(), **shape.attending(), RAGGED=lengths is not None,
        )  # fmt: skip
        if splits > 1:
            kernels.merge_splits[(rows,)](
                lengths, out, sums, weighted, keys, splits,
                **shape.constants(), **shape.merging(), RAGGED=lengths is not None,
            )  # fmt: skip
    return out
