"""Sums of features: what they are, what they cost, and where they are wider than their operands."""

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from paretoformer.kernels import linear_attention
from paretoformer.search_spaces.contract import Context
from paretoformer.search_spaces.parts.feature_attention import (
    empty_sums,
    product_macs,
    weighted_mean,
    weighted_sums,
)


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def operands(length: int = 9) -> tuple[Tensor, Tensor, Tensor]:
    """Features (2, 3, N, 4) and values (2, 3, N, 5)."""
    return numbers(2, 3, length, 4), numbers(2, 3, length, 4, seed=1), numbers(2, 3, length, 5, seed=2)


@pytest.mark.parametrize("causal", [True, False])
def test_sums_are_those_of_the_weights_and_of_the_weighted_values(causal) -> None:
    q, k, v = operands()
    weights = q @ k.mT
    weights = weights.tril() if causal else weights
    total, divisor, state = weighted_sums(q, k, v, Context(causal=causal))
    torch.testing.assert_close(total, weights @ v)
    torch.testing.assert_close(divisor, weights.sum(-1, keepdim=True))
    assert state is None


def test_padding_is_in_no_sum() -> None:
    q, k, v = operands()
    whole = weighted_mean(q, k, v, Context(lengths=torch.tensor([9, 4])))[0]
    torch.testing.assert_close(whole[1:, :, :4], weighted_mean(q[1:, :, :4], k[1:, :, :4], v[1:, :, :4], Context())[0])


def test_a_row_of_zeros_gives_zeros() -> None:
    q, k, v = operands()
    assert not weighted_mean(0 * q, k, v, Context())[0].any()


def test_sums_go_on_from_a_state() -> None:
    q, k, v = operands()
    whole = weighted_mean(q, k, v, Context(causal=True))[0]
    state, pieces = empty_sums(2, 3, 4, 6, v), []
    for at in range(0, 9, 3):
        part = slice(at, at + 3)
        y, state = weighted_mean(q[:, :, part], k[:, :, part], v[:, :, part], Context(causal=True, offset=at), state)
        pieces.append(y)
    torch.testing.assert_close(torch.cat(pieces, 2), whole)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("autocast", [True, False])
def test_in_half_precision_sums_may_exceed_its_largest_number(causal, autocast) -> None:
    q, k, v = (100 * x for x in operands(200))
    exact = weighted_mean(q, k, v, Context(causal=causal))[0]
    with torch.autocast("cpu", torch.float16, enabled=autocast):
        half = weighted_mean(q.half(), k.half(), v.half(), Context(causal=causal))[0]
    assert half.dtype == torch.float16
    torch.testing.assert_close(half.double(), exact, rtol=2e-3, atol=0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64], ids=str)
def test_sums_are_kept_in_single_precision_at_least(dtype) -> None:
    kept = empty_sums(1, 2, 3, 4, torch.ones(1, dtype=dtype))
    assert kept.shape == (1, 2, 3, 4) and not kept.any()
    assert kept.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)


@pytest.mark.parametrize("length", [1, 64, 65, 130])
@pytest.mark.parametrize("causal", [True, False])
def test_the_cost_is_that_of_the_kernel(length, causal) -> None:
    q, k, v = operands(length)
    with FlopCounterMode(display=False) as counter:
        linear_attention(q, k, v, causal=causal)
    assert 2 * 6 * product_macs(length, 4, 5, causal) == counter.get_total_flops()
