"""Sequences share a call of attention where padding them to one length costs less than a call."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.kernels import Packing
from paretoformer.kernels.packed_attention.groups import CALL_MACS, Groups, join

LENGTHS = st.lists(st.integers(0, 300), min_size=1, max_size=12)


@settings(deadline=None, max_examples=60)
@given(lengths=LENGTHS, width=st.integers(1, 1_024))
def test_every_sequence_of_tokens_is_in_one_group_and_pads_less_than_a_call(lengths, width) -> None:
    groups = join(tuple(lengths), width)
    assert sorted(b for members in groups for b in members) == [b for b, length in enumerate(lengths) if length]
    for members in groups:
        longest = lengths[members[0]]
        for b in members:
            assert lengths[b] <= longest and 2 * width * (longest**2 - lengths[b] ** 2) < CALL_MACS


def test_short_sequences_share_and_long_ones_do_not() -> None:
    assert join((24, 3, 0, 20), 32) == [[0, 3, 1]]
    assert join((2_000, 1_000, 1_500), 256) == [[0], [2], [1]]
    assert join((500, 900, 500), 256) == [[1], [0, 2]]


@settings(deadline=None, max_examples=60)
@given(lengths=LENGTHS.filter(any), width=st.integers(1, 64))
def test_rows_by_groups_are_the_packed_rows_in_another_order(lengths, width) -> None:
    packing = Packing.of(torch.tensor(lengths), 300)
    groups = Groups.of(packing, width)
    assert sum(count for count, _ in groups.sizes) == sum(length > 0 for length in lengths)
    if groups.order is None:
        assert [longest for _, longest in groups.sizes] == [length for length in lengths if length]
        return
    assert len(groups.order) == sum(count * longest for count, longest in groups.sizes)
    assert torch.equal(groups.order[groups.inverse], torch.arange(packing.tokens))


def test_a_group_of_equal_lengths_has_no_mask() -> None:
    groups = Groups.of(Packing.of(torch.tensor([500, 900, 500, 899]), 900), 2)
    assert [longest for _, longest in groups.sizes] == [900, 500]
    assert groups.masks[0].sum(-1).flatten().tolist() == [900, 899] and groups.masks[1] is None
