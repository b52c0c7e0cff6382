"""Bytes sent and tokens that fit, by plain arithmetic."""

from dataclasses import replace

import pytest

from paretoformer.kernels.distributed_attention import Algorithm, Sizes, longest, volume
from paretoformer.kernels.distributed_attention.limits import memory

SIZES = Sizes(ranks=4, length=4_096, heads=8, kv_heads=8, width=64)
DEVICE_BYTES = 24e9


def test_a_ring_sends_keys_and_values_to_all_but_their_owner() -> None:
    numbers = 2 * 4_096 // 4 * 8 * 64 * 3  # 2 L d (P - 1) / P
    assert volume(Algorithm.RING, SIZES).forward == pytest.approx(4 * numbers, abs=8 * 13 * 3)


def test_sharing_heads_out_sends_half_of_a_ring_on_four_ranks() -> None:
    ring, heads = (volume(each, SIZES).forward for each in (Algorithm.RING, Algorithm.HEADS))
    assert heads / ring == pytest.approx(2 / 4, rel=1e-3)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_one_rank_sends_nothing(algorithm) -> None:
    alone = volume(algorithm, replace(SIZES, ranks=1))
    assert (alone.forward, alone.backward) == (0, 0)


@pytest.mark.parametrize(("algorithm", "blocks"), [("ring", 11), ("gather", 7 + 2 * (1 + 4)), ("heads", 11)])
def test_each_algorithm_holds_so_many_blocks_of_its_own_tokens(algorithm, blocks) -> None:
    block = 4 * 8 * 64 * 4_096 // 4  # bytes of the queries of a rank
    assert memory(Algorithm(algorithm), SIZES) == blocks * block


@pytest.mark.parametrize("algorithm", [None, *Algorithm])
def test_the_longest_sequence_fits_and_one_step_more_does_not(algorithm) -> None:
    length, step = longest(algorithm, SIZES, DEVICE_BYTES), 1 if algorithm is None else 4
    ranks = step
    assert memory(algorithm, replace(SIZES, ranks=ranks, length=length)) <= DEVICE_BYTES
    assert memory(algorithm, replace(SIZES, ranks=ranks, length=length + step)) > DEVICE_BYTES


def test_all_scores_of_eight_heads_in_24_gb_hold_27_thousand_tokens() -> None:
    assert longest(None, SIZES, DEVICE_BYTES) == pytest.approx(27_400, rel=0.01)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_without_scores_the_longest_sequence_grows_with_memory_and_not_with_its_root(algorithm) -> None:
    one, four = (longest(algorithm, SIZES, DEVICE_BYTES * times) for times in (1, 4))
    assert four == pytest.approx(4 * one, rel=1e-3)
    assert longest(None, SIZES, 4 * DEVICE_BYTES) == pytest.approx(2 * longest(None, SIZES, DEVICE_BYTES), rel=0.01)


def test_no_token_fits_in_no_memory() -> None:
    assert longest(Algorithm.RING, SIZES, 0) == 0
