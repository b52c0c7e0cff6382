"""Depthwise convolution over tokens beside its definition, tap by tap."""

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.parts.convolution import DepthwiseConvolution, window_problems

GRID = Site(width=5, length=24, grid=(4, 6))
LINE = Site(width=5, length=9)


def convolution(site, size=3, bias=True) -> DepthwiseConvolution:
    torch.manual_seed(0)
    return DepthwiseConvolution(site.width, size, site, bias=bias).double()


def tap_by_tap(x, weight, bias, grid, first) -> torch.Tensor:
    """x: (B, N, C), weight: (C, h, w); `first` is where the window begins, as (row, column) from the token."""
    (height, width), (batch, _, channels) = grid, x.shape
    y = bias.expand(batch, height, width, channels).clone()
    image = x.reshape(batch, height, width, channels)
    for row in range(height):
        for column in range(width):
            for a in range(weight.shape[1]):
                for b in range(weight.shape[2]):
                    i, j = row + first[0] + a, column + first[1] + b
                    if 0 <= i < height and 0 <= j < width:
                        y[:, row, column] += weight[:, a, b] * image[:, i, j]
    return y.flatten(1, 2)


@pytest.mark.parametrize("size", [3, 7])
def test_on_a_grid_it_is_the_sum_over_a_square(places, size) -> None:
    module, x = convolution(GRID, size), places.normal(2, 24, 5)
    expected = tap_by_tap(x, module.kernel.weight[:, 0], module.kernel.bias, (4, 6), (-(size // 2), -(size // 2)))
    torch.testing.assert_close(module(x, Context(grid=(4, 6))), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("causal", "first"), [(False, -1), (True, -2)])
def test_along_a_sequence_the_window_is_centred_or_ends_at_the_token(places, causal, first) -> None:
    module, x = convolution(LINE), places.normal(2, 9, 5)
    expected = tap_by_tap(x, module.kernel.weight[:, 0], module.kernel.bias, (1, 9), (0, first))
    torch.testing.assert_close(module(x, Context(causal=causal)), expected, rtol=0, atol=1e-10)


def test_a_token_alone_changes_its_square_alone(places) -> None:
    module, x = convolution(GRID), places.normal(1, 24, 5)
    other = x.clone()
    other[:, 1 * 6 + 2] += 1
    grid = Context(grid=(4, 6))
    changed = (module(x, grid) != module(other, grid)).any(-1).view(4, 6)
    expected = torch.zeros(4, 6, dtype=torch.bool)
    expected[0:3, 1:4] = True
    assert torch.equal(changed, expected)


def test_a_small_kernel_in_a_larger_one_of_zeros_is_the_same_function(places) -> None:
    small, large, x = convolution(GRID, 3), convolution(GRID, 7), places.normal(1, 24, 5)
    with torch.no_grad():
        large.kernel.weight.zero_()[:, :, 2:5, 2:5] = small.kernel.weight
        large.kernel.bias.copy_(small.kernel.bias)
    grid = Context(grid=(4, 6))
    torch.testing.assert_close(large(x, grid), small(x, grid), rtol=0, atol=1e-12)


def test_shifting_a_grid_shifts_the_output_away_from_its_borders(places) -> None:
    module, x = convolution(GRID), places.normal(1, 24, 5)
    grid = Context(grid=(4, 6))
    y, shifted = (module(image, grid).view(4, 6, 5) for image in (x, x.view(1, 4, 6, 5).roll(1, 2).flatten(1, 2)))
    torch.testing.assert_close(shifted[:, 2:5], y[:, 1:4], rtol=0, atol=1e-12)


def test_a_state_keeps_only_its_own_tokens_alive(places) -> None:
    module, x = convolution(LINE), places.normal(2, 9, 5)
    _, state = module.extend(x, module.start(2, x[:, 0]))
    assert torch.equal(state.tokens, x[:, -2:]) and state.tokens.untyped_storage().nbytes() == 2 * 2 * 5 * 8


@pytest.mark.parametrize(
    ("size", "site", "sentence"),
    [
        (1, LINE, "mixer m over 1 token mixes nothing; size is at least 2"),
        (4, LINE, "mixer m of size 4 has no centre in a bidirectional stack; use an odd size"),
        (19, LINE, "mixer m has size 19, and a sequence of up to 9 tokens is narrower; use at most 17"),
        (9, GRID, "mixer m has size 9, and a grid of 4 x 6 is narrower; use at most 7"),
        (
            10,
            Site(width=5, length=9, causal=True),
            "mixer m has size 10, and a causal sequence of up to 9 tokens is narrower; use at most 9",
        ),
    ],
)
def test_a_window_that_cannot_slide_is_refused(size, site, sentence) -> None:
    assert list(window_problems("m", size, site)) == [sentence]


def test_the_widest_window_reads_every_token_from_every_other(places) -> None:
    assert list(window_problems("m", 17, LINE)) == []
    module, x = convolution(LINE, 17), places.normal(1, 9, 5).requires_grad_()
    module(x, Context())[0, 0].sum().backward()
    assert (x.grad != 0).all()


@pytest.mark.parametrize("batch", [1, 3])
def test_tokens_come_out_as_they_lie_in_memory_in_a_batch_of_one_too(places, batch) -> None:
    y = convolution(GRID, 3)(places.normal(batch, 24, 5), Context(grid=GRID.grid))
    assert y.is_contiguous()
