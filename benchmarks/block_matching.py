"""Stereo as it is done without learning: each square of one picture is looked for in the same rows of the other."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.geometry.focal import pixel_places
from paretoformer.evaluators.geometry.point_maps import written
from paretoformer.evaluators.geometry.stereo_pair import BASELINE, FOCAL, PRINCIPAL_APART
from paretoformer.evaluators.metric import OutputMetric
from paretoformer.evaluators.task import Task
from paretoformer.evaluators.tasks.stereo import SHIFT

SQUARE = 9
"""Pixels of a square, the best of 7, 9 and 11 on validation."""

FARTHEST, NEAREST = -13, 14
"""Columns by which a thing may lie farther right in the left crop than in the right one."""

_FEWEST = 0.3  # share of a square, at least, that the other crop must show


def block_matching(task: Task) -> float:
    """The first metric of `stereo` on validation."""
    metric, examples = task.metrics[0], task.examples(Split.VALIDATION)
    assert isinstance(metric, OutputMetric)
    return metric.score(metric.parts(matched(examples), examples)).value


def matched(examples: Examples) -> Tensor:
    """Points of both crops as a model gives them, as sure everywhere: (B, 2, 4, H, W)."""
    assert examples.source is not None
    left, right = examples.inputs, examples.source.inputs
    moves = _moves(left, right, range(FARTHEST, NEAREST + 1)), -_moves(right, left, range(-NEAREST, 1 - FARTHEST))
    across, down = pixel_places(*left.shape[2:]).unbind(-1)
    views = []
    for view, moved in enumerate(moves):
        depth = FOCAL * BASELINE / (moved + SHIFT + PRINCIPAL_APART)
        views.append(torch.stack(((across + view * moved) * depth / FOCAL, down * depth / FOCAL, depth), 1))
    points = torch.stack(views, 1)
    return torch.cat((written(points), torch.zeros_like(points[:, :, :1])), 2)


def _moves(one: Tensor, other: Tensor, moves: range) -> Tensor:
    """(B, H, W): by how many columns the square around each pixel of `one` lies farther right than the one most like it."""
    return torch.tensor(moves)[torch.stack([_unlikeness(one, other, move) for move in moves]).argmin(0)]


def _unlikeness(one: Tensor, other: Tensor, move: int) -> Tensor:
    """(B, H, W), the mean difference of colours in squares, infinite where too little is in both pictures."""
    width = one.shape[-1]
    start, end = max(0, move), min(width, width + move)
    apart, both = torch.zeros_like(one[:, :1]), torch.zeros_like(one[:, :1])
    apart[..., start:end] = (one[..., start:end] - other[..., start - move : end - move]).abs().mean(1, keepdim=True)
    both[..., start:end] = 1
    total, count = (avg_pool2d(each, SQUARE, stride=1, padding=SQUARE // 2) for each in (apart, both))
    return (total / count).where((count > _FEWEST) & (both > 0), torch.inf)[:, 0]
