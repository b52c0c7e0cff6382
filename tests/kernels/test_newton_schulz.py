"""Newton-Schulz steps: what they keep, and where they take singular values."""

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from paretoformer.kernels.newton_schulz import newton_schulz, newton_schulz_macs, newton_schulz_reference


def normal(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_singular_vectors_stay() -> None:
    x = normal(5, 9)
    u, _, vh = torch.linalg.svd(x, full_matrices=False)
    core = u.mT @ newton_schulz(x, 5) @ vh.mT
    torch.testing.assert_close(core, torch.diag(core.diagonal()), rtol=0, atol=1e-10)


@pytest.mark.parametrize("value", [0.05, 0.1, 0.3, 0.6, 0.9])
def test_singular_values_from_a_twentieth_of_the_norm_on_come_near_one(value) -> None:
    x = torch.diag(torch.tensor([value, (1 - value**2) ** 0.5], dtype=torch.float64))
    assert all(0.67 < found < 1.15 for found in newton_schulz(x, 5).diagonal())


def test_a_matrix_of_rank_one_ends_at_the_published_value() -> None:
    x = normal(6, 1) @ normal(1, 4, seed=2)
    assert torch.linalg.matrix_norm(newton_schulz(x, 5), 2).item() == pytest.approx(0.696, abs=1e-3)


def test_it_commutes_with_transposition() -> None:
    x = normal(2, 3, 7)
    torch.testing.assert_close(newton_schulz(x.mT, 5), newton_schulz(x, 5).mT, rtol=0, atol=1e-12)


def test_scale_does_not_matter() -> None:
    x = normal(4, 4)
    torch.testing.assert_close(newton_schulz(7 * x, 5), newton_schulz(x, 5), rtol=0, atol=1e-5)


def test_it_commutes_with_rotations() -> None:
    x, q, r = normal(5, 8), torch.linalg.qr(normal(5, 5, seed=2))[0], torch.linalg.qr(normal(8, 8, seed=3))[0]
    torch.testing.assert_close(newton_schulz(q @ x @ r, 5), q @ newton_schulz(x, 5) @ r, rtol=0, atol=1e-10)


def test_zero_stays_zero_with_a_finite_gradient() -> None:
    x = torch.zeros(2, 3, 4, dtype=torch.float64, requires_grad=True)
    y = newton_schulz(x, 5)
    y.sum().backward()
    assert not y.any() and x.grad is not None and x.grad.isfinite().all()


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (4, 4), (2, 40), (16, 17)])
def test_it_is_its_steps_whichever_way_it_takes(shape, steps) -> None:
    x = normal(3, *shape)
    expected = newton_schulz_reference(x / torch.linalg.matrix_norm(x, keepdim=True), steps)
    torch.testing.assert_close(newton_schulz(x, steps), expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(
        newton_schulz(1e6 * x, steps), expected, rtol=0, atol=1e-10
    )  # its 1e-7 then counts for nothing


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (4, 4), (2, 40), (16, 17)])
def test_macs_are_those_of_its_products(shape, steps) -> None:
    with FlopCounterMode(display=False) as counter:
        newton_schulz(normal(2, *shape), steps)
    assert counter.get_total_flops() == 2 * 2 * newton_schulz_macs(*shape, steps)


@pytest.mark.parametrize("steps", [6, 40, 129])
def test_many_steps_stay_bounded(steps) -> None:
    assert newton_schulz((normal(4, 2) @ normal(2, 60, seed=2)).float(), steps).abs().max() < 1.3


def test_single_precision_agrees_with_double_where_columns_are_nearly_dependent() -> None:
    x = normal(8, 16, 153) * torch.logspace(0, -4, 153, dtype=torch.float64)
    torch.testing.assert_close(newton_schulz(x.float(), 5).double(), newton_schulz(x, 5), rtol=0, atol=1e-3)
