"""Attention of packed sequences on a CPU: one call for each group of sequences of about one length."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from paretoformer.kernels.packed_attention.packing import Packing

CALL_MACS = 100_000
"""Multiply-accumulates of attention in the time that one more call of it takes, forward or with its gradients."""


@dataclass(frozen=True, kw_only=True)
class Groups:
    """Sequences in an order by groups, each padded to its longest."""

    sizes: tuple[tuple[int, int], ...]
    """(sequences, tokens of the longest) of each group."""
    masks: tuple[Tensor | None, ...]
    """Which keys are no padding, (sequences, 1, 1, tokens) for each group, None where all are."""
    order: Tensor | None
    """Packed row of each row by groups; None where each sequence is its own group, so that both are the same."""
    inverse: Tensor | None
    """Row by groups of each packed row."""

    @classmethod
    def of(cls, packing: Packing, width: int) -> "Groups":
        """For heads of `width` numbers together."""
        joined = join(packing.lengths, width)
        if all(len(members) == 1 for members in joined):
            sizes = tuple((1, length) for length in packing.lengths if length)
            return cls(sizes=sizes, masks=(None,) * len(sizes), order=None, inverse=None)
        sizes = tuple((len(members), packing.lengths[members[0]]) for members in joined)
        sequence = torch.tensor([member for members in joined for member in members])
        padded = torch.tensor([longest for count, longest in sizes for _ in range(count)])
        start, length = packing.offsets[sequence].long(), torch.tensor([packing.lengths[b] for b in sequence.tolist()])
        of_row = torch.repeat_interleave(padded)
        position = torch.arange(len(of_row)) - (padded.cumsum(0) - padded)[of_row]
        inside = position < length[of_row]
        order = start[of_row] + torch.minimum(position, length[of_row] - 1)
        inverse = torch.empty(packing.tokens, dtype=torch.int64)
        inverse[order[inside]] = inside.nonzero()[:, 0]
        parts = inside.split([count * longest for count, longest in sizes])
        masks = tuple(
            part.view(count, 1, 1, longest) if packing.lengths[members[-1]] < longest else None
            for part, members, (count, longest) in zip(parts, joined, sizes, strict=True)
        )
        return cls(sizes=sizes, masks=masks, order=order, inverse=inverse)


def join(lengths: tuple[int, ...], width: int) -> list[list[int]]:
    """Numbers of sequences in groups, longest first, without those of no tokens.

    A sequence joins a longer one where padding it to that length costs less than a call of its own.
    """
    groups: list[list[int]] = []
    longest = 0
    for b in sorted((b for b, length in enumerate(lengths) if length), key=lambda b: -lengths[b]):
        if groups and 2 * width * (longest**2 - lengths[b] ** 2) < CALL_MACS:
            groups[-1].append(b)
        else:
            groups.append([b])
            longest = lengths[b]
    return groups


def attend_by_groups(q: Tensor, k: Tensor, v: Tensor, packing: Packing, causal: bool) -> Tensor:
    """Arguments as in `packed_attention`, on a CPU."""
    width = q.shape[1] * q.shape[2]
    groups = packing.once(("groups", width), lambda: Groups.of(packing, width))
    if groups.order is not None:
        q, k, v = (x.index_select(0, groups.order) for x in (q, k, v))
    rows = [count * longest for count, longest in groups.sizes]
    pieces = zip(q.split(rows), k.split(rows), v.split(rows), groups.masks, groups.sizes, strict=True)
    parts = [_attend(one, two, three, mask, size, causal) for one, two, three, mask, size in pieces]
    y = torch.cat(parts)
    return y if groups.inverse is None else y.index_select(0, groups.inverse)


def _attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, size: tuple[int, int], causal: bool) -> Tensor:
    """One group: (sequences times longest, H, d) of each."""
    longest, grouped = size[1], q.shape[1] != k.shape[1]
    q, k, v = (x.unflatten(0, size).transpose(1, 2) for x in (q, k, v))
    if causal and mask is not None:
        mask = mask & torch.ones(longest, longest, dtype=torch.bool).tril()
    alone = causal and mask is None
    y = scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=alone, enable_gqa=grouped)
    return y.transpose(1, 2).flatten(0, 1)
