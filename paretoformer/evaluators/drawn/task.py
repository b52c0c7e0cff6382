"""A task whose examples are drawn, some of them larger than those that are trained."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.splits import content_key

TRAINING = 8_000
"""Examples that are trained, unless a task says otherwise."""

HELD_OUT = 1_000
"""The most examples of trained sizes in validation, and as many in test."""

BEYOND = 200
"""The most examples of each greater size in validation, and as many in test."""

NEEDED = TRAINING + 2 * HELD_OUT
"""Distinct inputs that a task of one trained size takes."""

_SEED = 20_231_007
_SPARE = 1.05

Draw = Callable[[np.random.Generator, int, int], Examples]
"""A source of randomness, a size and how many -> so many examples with inputs of one shape for all sizes."""


class DrawnTask(MemoryTask):
    """Examples of `trained` sizes in every split, of sizes `beyond` in validation and test alone; no input is in two splits.

    Args:
        draw: what draws them, all with inputs of the same shape.
        trained: sizes that are trained, alike.
        beyond: greater ones.
        training: how many examples training has.
        version: what else the hash of the data is made of; targets that are numbers are not, as their last bits may differ
            between machines.
    """

    def __init__(
        self,
        draw: Draw,
        trained: Sequence[int],
        beyond: Sequence[int] = (),
        *,
        training: int = TRAINING,
        version: str = "",
    ) -> None:
        parts: dict[Split, list[Examples]] = {split: [] for split in Split}
        for size in (*trained, *beyond):
            held = HELD_OUT // len(trained) if size in trained else BEYOND
            wanted = training // len(trained) if size in trained else 0
            rng = np.random.default_rng((_SEED, size))
            drawn = _distinct(draw(rng, size, int(_SPARE * (wanted + 2 * held))), size)
            parts[Split.VALIDATION].append(drawn.take(slice(0, held)))
            parts[Split.TEST].append(drawn.take(slice(held, 2 * held)))
            if wanted:
                parts[Split.TRAIN].append(drawn.take(slice(2 * held, 2 * held + wanted)))
        splits = {split: _mixed(parts[split]) for split in Split}
        super().__init__(splits, data_hash=_hash(splits, version))


def _hash(splits: Mapping[Split, Examples], version: str) -> str:
    parts = [part for split in Split for part in (splits[split].inputs, splits[split].targets)]
    exact = [part.numpy().tobytes() for place, part in enumerate(parts) if not (place % 2 and part.is_floating_point())]
    return content_key(b"".join((version.encode(), *exact)))


def _distinct(examples: Examples, size: int) -> Examples:
    """The first of equal inputs, in the order drawn; their size is noted."""
    first: dict[bytes, int] = {}
    for place, row in enumerate(examples.inputs.numpy()):
        first.setdefault(row.tobytes(), place)
    places = torch.tensor(list(first.values()))
    found = examples.take(places)
    return replace(found, sizes=torch.full((len(places),), size))


def _mixed(parts: Sequence[Examples]) -> Examples:
    """All parts as one, in a seeded order."""

    def joined(name: str) -> Tensor | None:
        tensors = [getattr(part, name) for part in parts]
        return None if tensors[0] is None else torch.cat(tensors)

    whole = {name: joined(name) for name in ("inputs", "targets", "lengths", "groups", "sizes")}
    order = torch.from_numpy(np.random.default_rng(_SEED).permutation(sum(map(len, parts))))
    return Examples(**whole).take(order)  # type: ignore[arg-type]  # every part has inputs and targets
