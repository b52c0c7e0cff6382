"""Batches of examples, in a seeded order for training and in their own for evaluation."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from paretoformer.evaluators.examples import Examples


def training_batches(examples: Examples, size: int, seed: int) -> Iterator[Examples]:
    """Endless batches of exactly `size`: one permutation of all examples after another, cut across their borders."""
    generator = torch.Generator().manual_seed(seed)
    waiting = torch.empty(0, dtype=torch.long)
    while True:
        while len(waiting) < size:
            waiting = torch.cat((waiting, torch.randperm(len(examples), generator=generator)))
        yield trimmed(examples.take(waiting[:size]))
        waiting = waiting[size:]


def evaluation_batches(examples: Examples, size: int) -> Iterator[Examples]:
    """Every example once, in order; the last batch may be smaller."""
    for start in range(0, len(examples), size):
        yield trimmed(examples.take(slice(start, start + size)))


def trimmed(examples: Examples) -> Examples:
    """Ragged examples cut to the longest among them; others as they are."""
    if examples.lengths is None:
        return examples
    longest = int(examples.lengths.max())
    targets = examples.targets[:, :longest] if examples.targets.dim() > 1 else examples.targets
    return replace(examples, inputs=examples.inputs[:, :longest], targets=targets)


def moved(examples: Examples, device: torch.device) -> Examples:
    """The examples on `device`, but for their groups, which no model sees."""
    lengths: Tensor | None = None if examples.lengths is None else examples.lengths.to(device)
    return replace(examples, inputs=examples.inputs.to(device), targets=examples.targets.to(device), lengths=lengths)
