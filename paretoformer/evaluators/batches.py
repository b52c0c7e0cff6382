"""Batches of examples, in a seeded order for training and in their own for evaluation."""

from collections.abc import Iterator

import torch

from paretoformer.evaluators.examples import Examples


def training_batches(examples: Examples, size: int, seed: int, *, skip: int = 0) -> Iterator[Examples]:
    """Endless batches of exactly `size`: one permutation of all examples after another, cut across their borders.

    The first `skip` batches are passed over without being made.
    """
    generator = torch.Generator().manual_seed(seed)
    waiting = torch.empty(0, dtype=torch.long)
    while True:
        while len(waiting) < size:
            waiting = torch.cat((waiting, torch.randperm(len(examples), generator=generator)))
        if skip:
            skip -= 1
        else:
            yield examples.take(waiting[:size]).trimmed()
        waiting = waiting[size:]


def evaluation_batches(examples: Examples, size: int) -> Iterator[Examples]:
    """Every example once, in order; the last batch may be smaller."""
    for start in range(0, len(examples), size):
        yield examples.take(slice(start, start + size)).trimmed()
