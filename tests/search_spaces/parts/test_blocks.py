"""How sequences are cut for sliding windows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.search_spaces.parts.blocks import LEAST_BLOCK, Window


@settings(deadline=None, max_examples=60)
@given(length=st.integers(1, 5_000), before=st.integers(0, 600), after=st.integers(0, 600), special=st.integers(0, 9))
def test_blocks_never_cost_more_than_all_pairs_or_a_few_windows(length, before, after, special) -> None:
    pairs, wide = Window(before, after, special).pairs(length), before + after
    queries = max(LEAST_BLOCK, -(-wide // 4))
    assert length <= pairs <= max(length, (length + queries) * (wide + queries + special))
    assert pairs <= length**2 or pairs <= (length + queries) * length


@pytest.mark.parametrize(("length", "cut"), [(1, (1, 1)), (159, (159, 159)), (160, (160, 160)), (161, (32, 160))])
def test_a_sequence_is_cut_once_a_block_reads_less_than_all_of_it(length, cut) -> None:
    assert Window(64, 64).cut(length) == cut


def test_a_window_is_clipped_to_what_a_sequence_has() -> None:
    assert Window(10, 3, 7).within(5) == Window(4, 3, 5)
