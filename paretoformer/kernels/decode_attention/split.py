"""Flash decoding: every row in the same number of equal parts. What lean attention is compared with."""

import torch
from torch import Tensor

from paretoformer.kernels.decode_attention import kernels
from paretoformer.kernels.decode_attention.shape import DecodeShape
from paretoformer.kernels.launch import Launcher, processors

MOST_SPLITS = 128
FULL = 0.8
"""Of the processors busy is enough not to split."""
GOOD = 0.85
"""Of the best efficiency is enough for fewer splits."""

_splits = Launcher(kernels.fixed_splits)
_merge = Launcher(kernels.merge_splits)


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
    constants = shape.constants() | {"RAGGED": lengths is not None}
    strides = (*q.stride(), *k.stride(), *v.stride())
    tensors = (q, k, v, lengths, out, sums, weighted)
    _splits((rows * splits,), tensors, strides, (keys, splits, shape.scale), constants | shape.attending())
    if splits > 1:
        merging = constants | {"PIECES": shape.pieces(1)}
        _merge((rows * shape.group,), (out, lengths, sums, weighted), (), (keys, splits), merging)
    return out
