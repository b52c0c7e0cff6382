"""What a module knows about its input."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from paretoformer.kernels.packed_attention.packing import Packing
from paretoformer.search_spaces.contract import Context


@given(offset=st.integers(0, 100), length=st.integers(0, 100))
def test_positions_go_on_from_the_offset(offset, length) -> None:
    positions = Context(offset=offset).positions(length, torch.device("cpu"))
    assert positions.tolist() == list(range(offset, offset + length))


@given(lengths=st.lists(st.integers(0, 9), min_size=1, max_size=4))
def test_as_many_tokens_are_valid_as_the_length_says(lengths) -> None:
    valid = Context(lengths=torch.tensor(lengths)).valid(9)
    assert valid is not None and valid.sum(1).tolist() == lengths
    assert all(row == sorted(row, reverse=True) for row in valid.tolist())


def test_without_lengths_all_tokens_are_valid() -> None:
    assert Context().valid(9) is None


def test_tokens_follow_the_first_one_by_one_unless_they_are_packed() -> None:
    assert Context(offset=3).first == 3
    assert Context(packing=Packing.of(torch.tensor([2, 1]), 2)).first is None
