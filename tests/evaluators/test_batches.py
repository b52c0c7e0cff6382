from itertools import islice

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.batches import evaluation_batches, training_batches, trimmed
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


def test_ragged_examples_are_cut_to_the_longest() -> None:
    tokens = torch.arange(10).reshape(2, 5)
    cut = trimmed(Examples(inputs=tokens, targets=tokens, lengths=torch.tensor([1, 3])))
    assert (cut.inputs.shape, cut.targets.shape) == ((2, 3), (2, 3))


def test_class_targets_are_never_cut() -> None:
    cut = trimmed(Examples(inputs=torch.zeros(2, 5), targets=torch.tensor([1, 0]), lengths=torch.tensor([1, 1])))
    assert cut.targets.tolist() == [1, 0]
