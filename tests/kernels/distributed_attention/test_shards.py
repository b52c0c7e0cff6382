"""Shards hold every token once, and pairs of them every score that is seen."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.kernels.distributed_attention import Order, Shards
from paretoformer.records.errors import UserError

ANY = {"ranks": st.integers(1, 9), "order": st.sampled_from(Order), "each": st.integers(1, 4)}


@settings(deadline=None, max_examples=40)
@given(**ANY)
def test_what_the_ranks_take_joins_to_the_whole(ranks, order, each) -> None:
    shards = Shards(ranks=ranks, order=order)
    whole = torch.arange(2 * ranks * shards.each * each).view(2, -1)
    parts = [shards.take(whole, rank, 1) for rank in range(ranks)]
    assert {part.shape for part in parts} == {(2, shards.each * each)}
    assert torch.equal(shards.joined(parts, 1), whole)


@settings(deadline=None, max_examples=40)
@given(**ANY)
def test_a_ranks_places_are_where_its_tokens_stood(ranks, order, each) -> None:
    shards = Shards(ranks=ranks, order=order)
    whole = torch.arange(ranks * shards.each * each)
    for rank in range(ranks):
        assert torch.equal(shards.places(rank, shards.each * each), shards.take(whole, rank, 0))


@settings(deadline=None, max_examples=40)
@given(**ANY, causal=st.booleans())
def test_pairs_cover_every_score_that_is_seen_once(ranks, order, each, causal) -> None:
    shards = Shards(ranks=ranks, order=order)
    length = shards.each * each
    for mine in range(ranks):
        for theirs in range(ranks):
            seen = torch.zeros(length, length, dtype=torch.int64)
            for pair in shards.pairs(mine, theirs, length, causal):
                block = seen[pair.queries, pair.keys]
                block += torch.ones_like(block) if pair.shift is None else torch.ones_like(block).tril(pair.shift)
            rows, keys = shards.places(mine, length), shards.places(theirs, length)
            assert torch.equal(seen, (keys <= rows[:, None]).long() if causal else torch.ones_like(seen))


def causal_work(shards: Shards, rank: int) -> float:
    """Scores of a rank, in chunks by chunks."""
    pairs = (pair for other in range(shards.ranks) for pair in shards.pairs(rank, other, shards.each, True))
    return sum(1.0 if pair.shift is None else 0.5 for pair in pairs)


@pytest.mark.parametrize("ranks", [2, 3, 4, 8])
def test_zigzag_gives_every_rank_the_same_causal_work(ranks) -> None:
    work = {causal_work(Shards(ranks=ranks, order=Order.ZIGZAG), rank) for rank in range(ranks)}
    assert work == {2.0 * ranks}


def test_in_contiguous_order_the_last_rank_has_nearly_twice_the_mean() -> None:
    work = [causal_work(Shards(ranks=8), rank) for rank in range(8)]
    assert work == [0.5 + rank for rank in range(8)]


def test_a_length_that_does_not_divide_is_refused_with_what_would() -> None:
    with pytest.raises(UserError, match=r"10 tokens of \(2, 10\) do not divide into 4 chunks .* pad them to 12"):
        Shards(ranks=2, order=Order.ZIGZAG).take(torch.ones(2, 10), 0, 1)


@pytest.mark.parametrize("order", Order)
def test_a_sequence_without_tokens_has_empty_shards(order) -> None:
    assert Shards(ranks=3, order=order).take(torch.ones(2, 0), 1, 1).shape == (2, 0)
