from itertools import combinations, permutations

import numpy as np
import pytest
import torch

from paretoformer.evaluators.drawn.limits import check_range, check_space
from paretoformer.evaluators.drawn.permutations import in_place_ceiling, visible_share
from paretoformer.evaluators.drawn.task import BEYOND, HELD_OUT, DrawnTask
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.records.errors import UserError


def draw(rng: np.random.Generator, size: int, count: int) -> Examples:
    inputs = torch.from_numpy(rng.integers(0, 300, (count, 2)) + size)
    return Examples(inputs=inputs, targets=inputs.float())


@pytest.fixture(scope="module")
def task() -> DrawnTask:
    return DrawnTask(draw, (1_000, 2_000), (3_000,), training=500, version="1")


def test_no_input_is_in_two_splits_or_twice_in_one(task: DrawnTask) -> None:
    rows = [[tuple(row) for row in task.examples(split).inputs.tolist()] for split in Split]
    assert all(len(set(own)) == len(own) for own in rows)
    assert all(not set(one) & set(other) for one, other in combinations(rows, 2))


def test_greater_sizes_are_held_out(task: DrawnTask) -> None:
    sizes = {split: task.examples(split).sizes.unique(return_counts=True) for split in Split}
    assert sizes[Split.TRAIN][0].tolist() == [1_000, 2_000]
    for split in (Split.VALIDATION, Split.TEST):
        values, counts = sizes[split]
        assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == {
            1_000: HELD_OUT // 2,
            2_000: HELD_OUT // 2,
            3_000: BEYOND,
        }


def test_targets_stay_beside_their_inputs(task: DrawnTask) -> None:
    examples = task.examples(Split.VALIDATION)
    assert torch.equal(examples.inputs.float(), examples.targets)


def test_another_version_has_another_hash(task: DrawnTask) -> None:
    assert DrawnTask(draw, (1_000, 2_000), (3_000,), training=500, version="2").data_hash != task.data_hash


def test_a_value_out_of_range_is_refused_with_the_range() -> None:
    check_range("length", 4, 4, 8)
    with pytest.raises(UserError, match="The length is 9; it must be from 4 to 8"):
        check_range("length", 9, 4, 8)


def test_too_few_inputs_are_refused() -> None:
    check_space(400, 100, "the length")
    with pytest.raises(UserError, match="399 different inputs.*at least 400: raise the length"):
        check_space(399, 100, "the length")


@pytest.mark.parametrize(("length", "symbols"), [(2, 2), (3, 2), (4, 3)])
def test_the_ceiling_is_what_the_best_guess_reaches_over_all_permutations(length: int, symbols: int) -> None:
    known = [order.index(k) <= k for order in permutations(range(length)) for k in range(length)]
    seen = np.mean(known)
    assert visible_share(length) == pytest.approx(seen)
    assert in_place_ceiling(length, symbols) == pytest.approx(seen + (1 - seen) / symbols)


def test_the_ceiling_has_the_papers_figure() -> None:
    assert visible_share(8) == 0.5625
