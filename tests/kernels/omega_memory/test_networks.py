"""Gradients of the small networks against autograd."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from paretoformer.kernels.omega_memory.networks import MEMORIES, gelu_slope

WIDTH, HIDDEN, FEATURES = 3, 5, 7


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(params=sorted(MEMORIES))
def network(request):
    return MEMORIES[request.param](WIDTH, HIDDEN, FEATURES)


@pytest.fixture
def weights(network):
    return tuple(normal(*shape, seed=seed) for seed, shape in enumerate(network.shapes))


def test_columns_and_rows_multiply_to_the_gradient_of_the_squared_error(network, weights) -> None:
    features, k, v = normal(4, FEATURES), normal(4, WIDTH, seed=2), normal(4, WIDTH, seed=3)
    found = network.gradients(weights, features, k, v)
    for pair in range(4):
        learned = [weight.clone().requires_grad_() for weight in weights]
        error = (network.read(tuple(learned), features[pair], k[pair]) - v[pair]).square().sum()
        for (column, row), gradient in zip(found, torch.autograd.grad(error, learned), strict=True):
            torch.testing.assert_close(torch.outer(column[pair], row[pair]), gradient, rtol=0, atol=1e-10)


def test_macs_are_those_of_its_products(network, weights) -> None:
    features, k = normal(4, FEATURES), normal(4, WIDTH)
    with FlopCounterMode(display=False) as counter:
        network.gradients(weights, features, k, k)
    assert counter.get_total_flops() == 2 * 4 * network.gradient_macs
    with FlopCounterMode(display=False) as counter:
        network.read(weights, features, k)
    assert counter.get_total_flops() == 2 * 4 * network.size


def test_the_slope_of_gelu_is_its_derivative() -> None:
    x = normal(50).requires_grad_()
    (expected,) = torch.autograd.grad(torch.nn.functional.gelu(x).sum(), x)
    torch.testing.assert_close(gelu_slope(x.detach()), expected, rtol=0, atol=1e-12)
