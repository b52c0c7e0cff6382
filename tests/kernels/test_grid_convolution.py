"""Convolutions and filters of a grid: torch's forms are the definitions."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.kernels.grid_convolution import (
    grid_convolution,
    grid_convolution_reference,
    grid_filter,
    grid_filter_reference,
)


def normal(*shape: int, seed: int = 0, dtype=torch.float64) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


@settings(deadline=None, max_examples=40)
@given(
    batch=st.integers(1, 2),
    height=st.integers(1, 5),
    width=st.integers(1, 6),
    channels=st.integers(1, 3),
    kernel=st.tuples(st.sampled_from([1, 3]), st.sampled_from([1, 3, 5])),
    dense=st.booleans(),
    biased=st.booleans(),
    single=st.booleans(),
)
def test_torchs_convolution_is_the_definition(batch, height, width, channels, kernel, dense, biased, single) -> None:
    dtype, tolerance = (torch.float32, 1e-5) if single else (torch.float64, 1e-10)
    x = normal(batch, height, width, channels, dtype=dtype)
    weight = normal(channels, channels if dense else 1, *kernel, seed=1, dtype=dtype)
    bias = normal(channels, seed=2, dtype=dtype) if biased else None
    padding = (kernel[0] // 2, kernel[1] // 2)
    expected = grid_convolution_reference(x, weight, bias, padding)
    assert expected.shape == x.shape
    torch.testing.assert_close(
        grid_convolution(x, weight, bias, padding), expected, rtol=10 * tolerance, atol=10 * tolerance
    )


def test_a_window_sees_what_is_near_and_zeros_outside() -> None:
    x = torch.zeros(1, 1, 4, 1)
    x[0, 0, 0], x[0, 0, 2] = 1.0, 10.0
    weight = torch.tensor([1.0, 2.0, 3.0]).view(1, 1, 1, 3)
    for form in (grid_convolution, grid_convolution_reference):
        assert form(x, weight, None, (0, 1))[0, 0, :, 0].tolist() == [2.0, 31.0, 20.0, 10.0]
        assert form(x, weight, None, (0, 0))[0, 0, :, 0].tolist() == [31.0, 20.0]


@pytest.mark.parametrize("grid", [(4, 4), (3, 5), (1, 6), (5, 1), (1, 1)], ids=str)
def test_a_filter_is_a_convolution_round_the_edges(grid) -> None:
    """Of any spectrum, also of one that no real kernel has."""
    x = normal(2, *grid, 3)
    spectrum = torch.complex(normal(grid[0], grid[1] // 2 + 1, 3, seed=1), normal(grid[0], grid[1] // 2 + 1, 3, seed=2))
    torch.testing.assert_close(grid_filter(x, spectrum), grid_filter_reference(x, spectrum), rtol=1e-10, atol=1e-10)


def test_gradients_are_those_of_the_definitions() -> None:
    x, weight = normal(1, 3, 4, 2).requires_grad_(), normal(2, 1, 3, 3, seed=1).requires_grad_()
    parts = [normal(3, 3, 2, seed=seed).requires_grad_() for seed in (2, 3)]
    assert torch.autograd.gradcheck(lambda *given: grid_convolution(*given, None, (1, 1)), (x, weight))
    assert torch.autograd.gradcheck(lambda x, a, b: grid_filter(x, torch.complex(a, b)), (x, *parts))


@pytest.mark.parametrize(
    ("x", "weight", "bias", "said"),
    [
        (normal(1, 3, 3, 4), normal(4, 2, 3, 3), None, r"weights \(C', 1 or C, kh, kw\).*weight \(4, 2, 3, 3\)"),
        (normal(1, 3, 3, 4), normal(5, 1, 3, 3), None, r"x \(1, 3, 3, 4\)"),
        (normal(1, 3, 3, 4), normal(4, 1, 3, 3), normal(3), r"bias \(3,\)"),
        (normal(1, 3, 3, 4), normal(4, 1, 3, 3).float(), None, "one floating-point dtype on one device"),
    ],
)
def test_weights_that_do_not_fit_are_refused_with_their_shapes(x, weight, bias, said) -> None:
    with pytest.raises(ValueError, match=said):
        grid_convolution(x, weight, bias, (1, 1))


@pytest.mark.parametrize("spectrum", [torch.ones(4, 4, 2, dtype=torch.complex64), torch.ones(4, 3, 2)])
def test_a_spectrum_that_does_not_fit_is_refused(spectrum) -> None:
    with pytest.raises(ValueError, match=r"a complex spectrum \(H, W // 2 \+ 1, C\), got x \(1, 4, 4, 2\)"):
        grid_filter(torch.ones(1, 4, 4, 2), spectrum)
