"""Distances along axes, and buckets of distances."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.search_spaces.parts.distances import bucket_starts, bucketed, coordinates, distances


def published(relative: torch.Tensor, *, bidirectional: bool, buckets: int, farthest: int) -> torch.Tensor:
    """The rule of T5's code, on key minus query."""
    found = torch.zeros_like(relative)
    if bidirectional:
        buckets //= 2
        found += (relative > 0).long() * buckets
        relative = relative.abs()
    else:
        relative = -relative.clamp_max(0)
    exact = buckets // 2
    wide = exact + (
        torch.log(relative.float().clamp_min(1) / exact) / math.log(farthest / exact) * (buckets - exact)
    ).long().clamp_max(buckets - exact - 1)
    return found + torch.where(relative < exact, relative, wide)


@pytest.mark.parametrize("buckets", [16, 32, 64])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_buckets_are_those_of_the_published_code(buckets, bidirectional) -> None:
    relative = torch.arange(-300, 301)[None]
    starts = torch.tensor(bucket_starts(buckets // 2 if bidirectional else buckets, 128))
    expected = published(relative, bidirectional=bidirectional, buckets=buckets, farthest=128)
    assert torch.equal(bucketed(relative, starts, one_sided=not bidirectional), expected)


def test_thirty_two_causal_buckets_are_those_of_the_paper_on_length_generalisation() -> None:
    starts = torch.tensor(bucket_starts(32, 128))
    before = -torch.tensor([[*range(17), 127, 128, 10**6]])
    assert bucketed(before, starts, one_sided=True)[0].tolist() == [*range(17), 31, 31, 31]


@settings(deadline=None, max_examples=30)
@given(buckets=st.integers(1, 70), beyond=st.integers(1, 400))
def test_buckets_widen_without_gaps(buckets, beyond) -> None:
    farthest = max(1, buckets // 2) + beyond
    starts = bucket_starts(buckets, farthest)
    assert len(starts) == buckets - 1
    assert starts == sorted(starts) and all(1 <= start <= farthest for start in starts)
    assert starts[: buckets // 2 - 1] == list(range(1, buckets // 2))


def test_keys_after_the_query_have_buckets_of_their_own_unless_one_sided() -> None:
    starts, row = torch.tensor(bucket_starts(4, 10)), torch.tensor([[-2, -1, 0, 1, 2]])
    assert bucketed(row, starts, one_sided=False).tolist() == [[2, 1, 0, 5, 6]]
    assert bucketed(row, starts, one_sided=True).tolist() == [[2, 1, 0, 0, 0]]


def test_coordinates_of_a_grid_are_rows_and_columns() -> None:
    rows, columns = coordinates(torch.arange(6), (2, 3))
    assert (rows.tolist(), columns.tolist()) == ([0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2])


def test_distances_are_key_minus_query_along_each_axis() -> None:
    queries, keys = torch.tensor([1, 5]), torch.tensor([0, 4])
    assert distances(queries, keys, None)[0].tolist() == [[-1, 3], [-5, -1]]
    down, right = distances(queries, keys, (2, 3))
    assert (down.tolist(), right.tolist()) == ([[0, 1], [-1, 0]], [[-1, 0], [-2, -1]])
