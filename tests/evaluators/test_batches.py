from itertools import islice

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.batches import evaluation_batches, training_batches
from paretoformer.evaluators.examples import Examples


def numbered(n: int) -> Examples:
    return Examples(inputs=torch.arange(n)[:, None], targets=torch.arange(n))


def drawn(n: int, size: int, seed: int, batches: int) -> list[int]:
    return [i for batch in islice(training_batches(numbered(n), size, seed), batches) for i in batch.targets.tolist()]


@settings(deadline=None, max_examples=25)
@given(n=st.integers(1, 12), size=st.integers(1, 30))
def test_every_epoch_of_training_holds_every_example_once(n: int, size: int) -> None:
    order = drawn(n, size, 0, n)
    assert all(sorted(order[start : start + n]) == list(range(n)) for start in range(0, n * size, n))


def test_epochs_have_different_orders() -> None:
    order = drawn(50, 50, 0, 2)
    assert order[:50] != order[50:]


def test_the_order_follows_the_seed() -> None:
    assert drawn(50, 8, 1, 9) == drawn(50, 8, 1, 9) != drawn(50, 8, 2, 9)


@settings(deadline=None, max_examples=25)
@given(n=st.integers(1, 12), size=st.integers(1, 15))
def test_evaluation_sees_every_example_once_in_order(n: int, size: int) -> None:
    assert [i for batch in evaluation_batches(numbered(n), size) for i in batch.targets.tolist()] == list(range(n))


@pytest.mark.parametrize("skip", [0, 1, 7])
def test_batches_that_are_skipped_leave_the_others_as_they_are(skip: int) -> None:
    every = [batch.targets.tolist() for batch in islice(training_batches(numbered(10), 4, 3), 12)]
    rest = [batch.targets.tolist() for batch in islice(training_batches(numbered(10), 4, 3, skip=skip), 12 - skip)]
    assert rest == every[skip:]


@pytest.mark.parametrize(
    "batches", [lambda ragged: training_batches(ragged, 1, 0), lambda ragged: evaluation_batches(ragged, 1)]
)
def test_ragged_batches_are_cut_to_their_longest(batches) -> None:
    tokens, lengths = torch.arange(20).reshape(4, 5), torch.tensor([1, 3, 5, 2])
    ragged = Examples(inputs=tokens, targets=tokens, lengths=lengths)
    widths = [batch.inputs.shape[1] for batch in islice(batches(ragged), 4)]
    assert sorted(widths) == [1, 2, 3, 5]
