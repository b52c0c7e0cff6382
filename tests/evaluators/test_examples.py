"""Examples: cut, taken and moved with everything that stands beside them."""

import pytest
import torch

from paretoformer.evaluators.examples import Examples
from paretoformer.search_spaces.contract import Source

LENGTHS, SOURCE_LENGTHS = torch.tensor([1, 3, 2]), torch.tensor([4, 2, 1])


def whole(**changes: object) -> Examples:
    """Three ragged texts of up to 5 tokens beside series of up to 6 steps."""
    tokens = torch.arange(15).reshape(3, 5)
    source = Source(torch.arange(36.0).reshape(3, 6, 2), SOURCE_LENGTHS)
    parts = {
        "inputs": tokens,
        "targets": tokens + 1,
        "lengths": LENGTHS,
        "source": source,
        "groups": torch.tensor([7, 8, 7]),
        "sizes": torch.tensor([1, 2, 3]),
    }
    return Examples(**(parts | changes))


@pytest.mark.parametrize("index", [slice(1, 3), torch.tensor([2, 0])], ids=["slice", "places"])
def test_what_is_taken_brings_all_that_stands_beside_it(index: slice | torch.Tensor) -> None:
    every, taken = whole(), whole().take(index)
    for name in ("inputs", "targets", "lengths", "groups", "sizes"):
        assert torch.equal(getattr(taken, name), getattr(every, name)[index])
    assert taken.source is not None and every.source is not None
    assert torch.equal(taken.source.inputs, every.source.inputs[index])
    assert torch.equal(taken.source.lengths, SOURCE_LENGTHS[index])


def test_ragged_examples_are_cut_to_the_longest_input_and_source() -> None:
    cut = whole().trimmed()
    assert (cut.inputs.shape, cut.targets.shape) == ((3, 3), (3, 3))
    assert cut.source is not None and cut.source.inputs.shape == (3, 4, 2)
    assert torch.equal(cut.lengths, LENGTHS) and torch.equal(cut.source.lengths, SOURCE_LENGTHS)


@pytest.mark.parametrize(
    "targets",
    [torch.tensor([1, 0, 2]), torch.zeros(3, 5)],
    ids=["a class of each", "five numbers of each"],
)
def test_targets_of_whole_inputs_are_never_cut(targets: torch.Tensor) -> None:
    assert torch.equal(whole(targets=targets).trimmed().targets, targets)


def test_numbers_of_tokens_are_cut_with_them() -> None:
    assert whole(targets=torch.zeros(3, 5, 2)).trimmed().targets.shape == (3, 3, 2)


def test_nothing_is_cut_where_nothing_is_ragged() -> None:
    even = whole(lengths=None, source=Source(torch.zeros(3, 6, 2)))
    cut = even.trimmed()
    assert torch.equal(cut.inputs, even.inputs) and cut.source is not None and cut.source.inputs.shape == (3, 6, 2)


def test_an_image_beside_ragged_texts_stays_whole() -> None:
    cut = whole(source=Source(torch.zeros(3, 1, 8, 8))).trimmed()
    assert cut.inputs.shape == (3, 3) and cut.source is not None and cut.source.inputs.shape == (3, 1, 8, 8)


def test_everything_moves_to_a_device() -> None:
    moved = whole().to(torch.device("meta"))
    assert moved.source is not None and moved.source.lengths is not None
    tensors = (moved.inputs, moved.targets, moved.lengths, moved.groups, moved.sizes)
    assert {part.device.type for part in (*tensors, moved.source.inputs, moved.source.lengths)} == {"meta"}


def test_the_first_token_that_is_asked_is_found() -> None:
    targets = torch.tensor([[-100, 4, 5], [3, -100, 2], [-100, -100, 0]])
    assert Examples(inputs=targets, targets=targets).asked_from.tolist() == [1, 0, 2]
