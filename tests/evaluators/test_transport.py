import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.transport import potentials, sinkhorn_divergence, transport_cost, transport_plan

CLOSE = {"eps": 0.05, "iterations": 200}


def cloud(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def even(points: torch.Tensor) -> torch.Tensor:
    return torch.full(points.shape[:2], 1 / points.shape[1])


def divergence(x: torch.Tensor, y: torch.Tensor, **how: float) -> torch.Tensor:
    return sinkhorn_divergence(x, y, even(x), even(y), **{**CLOSE, **how})


def test_the_plan_moves_all_mass_of_both_sides() -> None:
    x, y = cloud(0, 2, 7, 3), cloud(1, 2, 4, 3)
    cost = torch.cdist(x, y).square() / 2
    f, g = potentials(cost, even(x), even(y), **CLOSE)
    plan = transport_plan(cost, even(x), even(y), f, g, eps=CLOSE["eps"])
    torch.testing.assert_close(plan.sum(2), even(x), atol=1e-4, rtol=0)
    torch.testing.assert_close(plan.sum(1), even(y), atol=1e-4, rtol=0)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 6), st.integers(2, 6))
def test_the_divergence_is_never_negative_and_symmetric(seed: int, s: int, t: int) -> None:
    x, y = cloud(seed, 1, s, 2), cloud(seed + 1, 1, t, 2)
    assert divergence(x, y) > -1e-4
    torch.testing.assert_close(divergence(x, y), divergence(y, x), atol=1e-3, rtol=0)


def test_a_cloud_does_not_differ_from_itself() -> None:
    x = cloud(0, 1, 5, 3)
    torch.testing.assert_close(divergence(x, x), torch.zeros(1), atol=1e-6, rtol=0)


def test_on_a_line_without_entropy_it_is_half_the_squared_distance_of_the_sorted() -> None:
    x, y = cloud(0, 1, 6, 1), cloud(1, 1, 6, 1)
    exact = (x.sort(1).values - y.sort(1).values).square().mean() / 2
    found = transport_cost(x, y, even(x), even(y), eps=1e-3, iterations=3000)
    torch.testing.assert_close(found, exact[None], atol=3e-3, rtol=0)


def test_points_without_mass_change_nothing_whatever_they_are() -> None:
    x, y = cloud(0, 1, 4, 2), cloud(1, 1, 3, 2)
    padded = torch.cat((x, torch.full((1, 2, 2), float("inf"))), 1)
    mass = torch.tensor([[0.25, 0.25, 0.25, 0.25, 0.0, 0.0]])
    found = sinkhorn_divergence(padded, y, mass, even(y), **CLOSE)
    torch.testing.assert_close(found, divergence(x, y))


def test_the_gradient_is_that_of_the_divergence() -> None:
    x, y = cloud(0, 1, 4, 2), cloud(1, 1, 3, 2)
    moving = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(divergence(moving, y, eps=0.5).sum(), moving)
    step = torch.zeros_like(x)
    step[0, 1, 0] = 1e-2
    rise = divergence(x + step, y, eps=0.5) - divergence(x - step, y, eps=0.5)
    assert slope[0, 1, 0].item() == pytest.approx(rise.item() / 2e-2, abs=1e-3)


def test_descending_it_brings_a_cloud_to_the_other() -> None:
    x, y = cloud(0, 1, 8, 2).requires_grad_(), cloud(1, 1, 8, 2) + 3
    for _ in range(40):
        (slope,) = torch.autograd.grad(sinkhorn_divergence(x, y, even(x), even(y), eps=0.01, iterations=20).sum(), x)
        x = (x - 4 * slope).detach().requires_grad_()
    assert torch.cdist(x, y).amin(2).max() < 0.3
