"""The norms are their definitions, alone and of a sum."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.kernels import add_crms_norm, add_layer_norm, add_rms_norm, crms_norm, layer_norm, rms_norm
from paretoformer.kernels.dispatch import Path
from paretoformer.kernels.norms import (
    LEAST_NUMBERS,
    crms_norm_reference,
    layer_norm_reference,
    norm_rule,
    rms_norm_reference,
)


def normal(*shape: int, seed: int, dtype: torch.dtype = torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


@settings(deadline=None, max_examples=40)
@given(rows=st.integers(1, 5), width=st.integers(1, 40), affine=st.booleans(), single=st.booleans())
def test_torchs_norms_are_the_definitions(rows, width, affine, single) -> None:
    dtype, tolerance = (torch.float32, 1e-5) if single else (torch.float64, 1e-10)
    x, residual = (normal(2, rows, width, seed=seed, dtype=dtype) for seed in (1, 2))
    weight, bias = (normal(width, seed=seed, dtype=dtype) if affine else None for seed in (3, 4))
    pairs = (
        (layer_norm(x, weight, bias, 1e-3), layer_norm_reference(x, weight, bias, 1e-3)),
        (rms_norm(x, weight, 1e-3), rms_norm_reference(x, weight, 1e-3)),
        (crms_norm(x, 1e-3), crms_norm_reference(x, 1e-3)),
        (
            add_layer_norm(x, residual, weight, bias, 1e-3),
            (layer_norm_reference(x + residual, weight, bias, 1e-3), x + residual),
        ),
        (add_rms_norm(x, residual, weight, 1e-3), (rms_norm_reference(x + residual, weight, 1e-3), x + residual)),
        (add_crms_norm(x, residual, 1e-3), (crms_norm_reference(x + residual, 1e-3), x + residual)),
    )
    for found, expected in pairs:
        torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


def test_a_rows_own_mean_and_size_do_not_matter_to_layer_norm() -> None:
    x = normal(3, 8, seed=1)
    torch.testing.assert_close(layer_norm(5 * x + 7, None, None, 0.0), layer_norm(x, None, None, 0.0))


def test_rms_norm_gives_rows_of_mean_square_one() -> None:
    y = rms_norm(normal(3, 8, seed=1), None, 0.0)
    torch.testing.assert_close(y.square().mean(-1), torch.ones(3, dtype=torch.float64))


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
def test_a_large_rms_norm_is_the_definition_with_its_gradient(affine, dtype) -> None:
    tolerance, found = {torch.float32: 1e-5, torch.float64: 1e-10, torch.bfloat16: 1e-2}[dtype], []
    for normalise in (rms_norm, rms_norm_reference):
        x = normal(LEAST_NUMBERS // 100, 101, seed=1, dtype=dtype).requires_grad_()
        weight = normal(101, seed=2, dtype=dtype) if affine else None
        y = normalise(x, weight, 1e-3)
        found.append((y, *torch.autograd.grad(y.sin().sum(), x)))
    for one, other in zip(*found, strict=True):
        assert one.dtype == dtype and (one - other).norm() < tolerance * other.norm()


def test_crms_norm_is_the_rms_norm_of_a_zero_mean_row_without_its_last_entry() -> None:
    x = normal(3, 8, seed=1)
    whole = torch.cat((x, -x.sum(-1, keepdim=True)), -1)
    torch.testing.assert_close(crms_norm(x, 1e-2), rms_norm(whole, None, 1e-2)[..., :-1], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("normalise", [crms_norm, crms_norm_reference])
def test_crms_norms_gradient_is_its_slope_and_finite_at_zero(normalise) -> None:
    torch.autograd.gradcheck(lambda x: normalise(x, 1e-2), normal(2, 3, 5, seed=1).requires_grad_())
    zero = torch.zeros(2, 5, requires_grad=True)
    (gradient,) = torch.autograd.grad(normalise(zero, 1e-2).sum(), zero)
    assert gradient.isfinite().all()


def test_the_definition_is_summed_in_fp32() -> None:
    x = normal(2, 4_096, seed=1, dtype=torch.bfloat16)
    exact = rms_norm_reference(x.double(), None, 1e-6)
    found = rms_norm_reference(x, None, 1e-6)
    assert found.dtype == torch.bfloat16 and (found - exact).norm() < 4e-3 * exact.norm()


@pytest.mark.parametrize("width", [7, 9])
def test_a_weight_of_another_width_is_refused(width) -> None:
    x, weight = normal(2, 3, 8, seed=1), normal(width, seed=2)
    with pytest.raises(ValueError, match=rf"weight and bias are .D,. .* got x \(2, 3, 8\).*weight \({width},\)"):
        layer_norm(x, weight, None, 1e-5)
    with pytest.raises(ValueError, match="weight and bias"):
        rms_norm(x, weight, 1e-5)


def test_the_rule_takes_the_kernels_for_numbers_that_they_know() -> None:
    x = torch.empty(8_192, 1_024, device="meta")
    assert norm_rule(x, None, None, None) is Path.TRITON
    assert "float64" in norm_rule(x.double(), None, None, None)
    assert "x and residual differ" in norm_rule(x, x.half(), None, None)
    assert "wider than" in norm_rule(torch.empty(400, 20_000, device="meta"), None, None, None)


def test_the_rule_asks_for_more_rows_where_gradients_are_wanted() -> None:
    x = torch.empty(8_192, 1_024, device="meta", requires_grad=True)
    assert norm_rule(x[:100], None, None, None) is norm_rule(x, None, None, None) is Path.TORCH
    assert norm_rule(torch.empty(32_768, 1_024, device="meta", requires_grad=True), None, None, None) is Path.TRITON


@pytest.mark.parametrize("residual", [torch.ones(1, 8), torch.ones(2, 3, 8, device="meta")])
def test_a_residual_that_is_not_like_x_is_refused(residual) -> None:
    with pytest.raises(ValueError, match=r"two alike on one device, got x \(2, 3, 8\) float32 cpu, residual"):
        add_rms_norm(torch.ones(2, 3, 8), residual, None, 1e-6)


@pytest.mark.parametrize("x", [torch.tensor(1.0), torch.ones(2, 8, dtype=torch.long)])
def test_what_has_no_row_of_numbers_is_refused(x) -> None:
    with pytest.raises(ValueError, match=r"a norm takes floating-point x \(..., D\), got x"):
        rms_norm(x, None, 1e-6)


def test_an_empty_batch_is_normed_to_nothing() -> None:
    assert layer_norm(torch.ones(0, 3, 8), None, None, 1e-5).shape == (0, 3, 8)
