"""Instances for the three splits, none of them in two."""

import numpy as np

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.length_tasks.instance import Instance
from paretoformer.evaluators.length_tasks.problem import Problem

HELD_OUT = 40
"""The most instances of a size in validation, and as many in test."""

_SEED = 9_842_497  # of paper 06's generators
_SHARE = 0.15


def deal_instances(problem: Problem, longest: int, training: int) -> dict[Split, list[Instance]]:
    """Sizes up to `longest` in every split, greater ones to twice that in validation and test alone.

    No prompt is in two splits. One with the same terms in another order counts as another, as it does where paper 06 draws them.

    A split goes through its sizes in turns, one instance of each. Of a size with few instances validation and test get 15 %
    each, and halves where nothing is trained.

    Args:
        problem: what draws the instances.
        longest: the greatest size that is trained.
        training: how many instances training has, alike for each size as far as there are so many.
    """
    trained, beyond = problem.sizes(0, longest), problem.sizes(longest + 1, 2 * longest)
    each = -(-training // len(trained))
    found: dict[Split, list[list[Instance]]] = {split: [] for split in Split}
    for size in (*trained, *beyond):
        wanted = each if size in trained else 0
        drawn = problem.draw(np.random.default_rng((_SEED, size)), size, wanted + 2 * HELD_OUT)
        distinct = list({instance.prompt: instance for instance in drawn}.values())
        share = max(1, round(_SHARE * len(distinct))) if wanted else len(distinct) // 2
        held = min(HELD_OUT, share)
        found[Split.VALIDATION].append(distinct[:held])
        found[Split.TEST].append(distinct[held : 2 * held])
        found[Split.TRAIN].append(distinct[2 * held :][:wanted])
    return {split: _in_turns(sizes) for split, sizes in found.items()}


def _in_turns(sizes: list[list[Instance]]) -> list[Instance]:
    longest = max(map(len, sizes))
    return [size[turn] for turn in range(longest) for size in sizes if turn < len(size)]
