"""A batch norm in evaluation is one factor and one shift, and those are part of a linear layer."""

import pytest
import torch
from torch.nn.functional import batch_norm, linear

from paretoformer.kernels.norms.merged import affine, folded_into_linear, merged

EXACT = {"rtol": 0, "atol": 1e-10}


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def statistics() -> tuple[torch.Tensor, ...]:
    """Weight, bias, mean, variance."""
    return normal(6, seed=1), normal(6, seed=2), normal(6, seed=3), normal(6, seed=4).square()


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.7])
def test_the_map_is_the_batch_norm_and_alpha_times_its_input(statistics, alpha) -> None:
    weight, bias, mean, variance = statistics
    x = normal(5, 6, seed=5)
    expected = batch_norm(x, mean, variance, weight, bias, eps=1e-5) + alpha * x
    torch.testing.assert_close(
        affine(x, *merged(*statistics, 1e-5, torch.tensor([alpha], dtype=torch.float64))), expected, **EXACT
    )


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("alpha", [0.0, -0.7])
def test_a_linear_layer_with_the_map_folded_in_does_both(statistics, alpha, biased) -> None:
    scale, shift = merged(*statistics, 1e-5, alpha)
    x, weight = normal(2, 5, 6, seed=5), normal(4, 6, seed=6)
    bias = normal(4, seed=7) if biased else None
    found = linear(x, *folded_into_linear(scale, shift, weight, bias))
    torch.testing.assert_close(found, linear(affine(x, scale, shift), weight, bias), **EXACT)


def test_statistics_in_half_precision_are_merged_in_fp32(statistics) -> None:
    scale, shift = merged(*(x.to(torch.bfloat16) for x in statistics), 1e-5)
    assert scale.dtype == shift.dtype == torch.float32


def test_a_layer_keeps_its_dtype_when_a_map_in_fp32_is_folded_in(statistics) -> None:
    scale, shift = (x.float() for x in merged(*statistics, 1e-5))
    weight, bias = folded_into_linear(scale, shift, normal(4, 6, seed=6).bfloat16(), None)
    assert weight.dtype == bias.dtype == torch.bfloat16
