"""Rows that each go through one of several two-layer feed-forwards."""

import torch
from torch import Tensor
from torch.nn.functional import gelu

from paretoformer.kernels.dispatch import defined, one_kind, shapes

BLOCKS = 4
"""Blocks of rows that an expert would fill if all were chosen equally often."""


def through_experts(rows: Tensor, chosen: Tensor, up: Tensor, down: Tensor) -> Tensor:
    """gelu(row W1_e) W2_e for each row, e the expert chosen for it.

    On a CPU experts take their rows in turn: 2 D hidden MACs a row, in pieces whose sizes depend on the choice. On a GPU,
    where asking for sizes would stop the queue, and while a model is compiled or exported, rows lie in blocks of one
    expert each, as many as any choice needs: at most 1 / 4 more rows, up to rounding, and a copy of an expert's weights for
    each block.

    Args:
        rows: (S, D). chosen: (S,), whole numbers below E. up: (E, D, hidden). down: (E, hidden, D).

    Returns:
        (S, D).

    Raises:
        ValueError: the shapes, dtypes or devices do not fit together.
    """
    if not torch.compiler.is_compiling():
        _check(rows, chosen, up, down)
    if defined("through_experts"):
        return through_experts_reference(rows, chosen, up, down)
    in_blocks = rows.is_cuda or torch.compiler.is_compiling() or torch.compiler.is_exporting()
    return by_blocks(rows, chosen, up, down) if in_blocks else in_turn(rows, chosen, up, down)


def through_experts_reference(rows: Tensor, chosen: Tensor, up: Tensor, down: Tensor) -> Tensor:
    """The definition: every row through every expert; arguments as in `through_experts`."""
    all_of_them = gelu(rows @ up) @ down  # (E, S, D)
    return all_of_them[chosen, torch.arange(len(rows), device=rows.device)]


def in_turn(rows: Tensor, chosen: Tensor, up: Tensor, down: Tensor) -> Tensor:
    """Sorted by expert and cut; arguments as in `through_experts`."""
    order = chosen.argsort(stable=True)
    counts = torch.bincount(chosen, minlength=len(up)).tolist()
    pieces = rows[order].split(counts)
    done = [gelu(piece @ one) @ two for piece, one, two in zip(pieces, up, down, strict=True) if len(piece)]
    return torch.cat(done)[order.argsort()] if done else torch.zeros_like(rows)


def by_blocks(rows: Tensor, chosen: Tensor, up: Tensor, down: Tensor) -> Tensor:
    """In blocks, with shapes that depend on S alone; arguments as in `through_experts`."""
    experts, count = len(up), len(rows)
    size = max(1, -(-count // (BLOCKS * experts)))
    blocks = (count + experts * (size - 1)) // size
    of_each = (chosen[:, None] == torch.arange(experts, device=chosen.device)).sum(0)
    ends = (-(-of_each // size)).cumsum(0)  # (E,), blocks up to the end of each expert's
    order = chosen.argsort(stable=True)
    rank = torch.arange(count, device=chosen.device) - (of_each.cumsum(0) - of_each)[chosen[order]]
    first = torch.cat((ends.new_zeros(1), ends[:-1]))
    place = torch.empty_like(chosen).scatter(0, order, first[chosen[order]] * size + rank)
    given = rows.new_zeros(blocks * size, rows.shape[1]).index_copy(0, place, rows)
    owner = (torch.arange(blocks, device=ends.device)[:, None] >= ends).sum(1).clamp_max(experts - 1)
    hidden = gelu(torch.bmm(given.unflatten(0, (blocks, size)), up[owner]))
    return torch.bmm(hidden, down[owner]).flatten(0, 1)[place]


def _check(rows: Tensor, chosen: Tensor, up: Tensor, down: Tensor) -> None:
    fits = rows.ndim == 2 and chosen.shape == rows.shape[:1] and up.ndim == 3 and len(up) > 0
    if not fits or up.shape[1] != rows.shape[1] or down.shape != (len(up), up.shape[2], rows.shape[1]):
        given = shapes(rows=rows, chosen=chosen, up=up, down=down)
        raise ValueError(f"experts take rows (S, D), chosen (S,), up (E, D, hidden), down (E, hidden, D), got {given}.")
    if chosen.dtype != torch.int64 or chosen.device != rows.device or not one_kind(rows, up, down):
        given = shapes(rows=rows, chosen=chosen, up=up, down=down)
        raise ValueError(
            f"experts take numbers of one floating-point dtype on one device, and int64 for what is chosen, got {given}."
        )
    if chosen.device.type == "cpu" and len(chosen) and not 0 <= chosen.min() <= chosen.max() < len(up):
        raise ValueError(f"chosen experts are 0 to {len(up) - 1}, got {chosen.min()} to {chosen.max()}.")
