"""The filter of gnConv that sees a whole grid, beside a circular convolution and the published module."""

import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.parts.global_local_filter import GlobalLocalFilter

SITE = Site(width=6, length=20, grid=(4, 5))
GRID = Context(grid=(4, 5))


def module(site=SITE) -> GlobalLocalFilter:
    torch.manual_seed(0)
    made = GlobalLocalFilter(6, site).double()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return made


def far_half(filter_, x, grid=(4, 5)) -> torch.Tensor:
    """What the Fourier half makes of x: (B, N, 3)."""
    return filter_._far(x, grid)


def published(filter_, x, grid) -> torch.Tensor:
    """The official forward pass, channels first, with the same weights."""

    def normed(y, norm):
        return nn.functional.layer_norm(y.permute(0, 2, 3, 1), (6,), norm.weight, norm.bias, 1e-6).permute(0, 3, 1, 2)

    y = normed(x.mT.reshape(len(x), 6, *grid), filter_.before)
    one, two = torch.chunk(y, 2, dim=1)
    one = nn.functional.conv2d(one, filter_.near.kernel.weight, None, padding=1, groups=3)
    two = torch.fft.rfft2(two, dim=(2, 3), norm="ortho")
    weight = filter_.spectrum.permute(2, 0, 1, 3)  # (C / 2, h, w, 2), as the official parameter
    if weight.shape[1:3] != two.shape[2:4]:
        weight = interpolate(weight.permute(3, 0, 1, 2), size=two.shape[2:4], mode="bilinear", align_corners=True)
        weight = weight.permute(1, 2, 3, 0)
    two = torch.fft.irfft2(two * torch.view_as_complex(weight.contiguous()), s=grid, dim=(2, 3), norm="ortho")
    both = torch.cat([one.unsqueeze(2), two.unsqueeze(2)], dim=2).reshape(len(x), 6, *grid)
    return normed(both, filter_.after).flatten(2).mT


@pytest.mark.parametrize("grid", [(4, 5), (6, 8)], ids=str)
def test_it_is_the_published_module_with_the_same_weights_also_on_another_grid(places, grid) -> None:
    made, x = module(), places.normal(2, grid[0] * grid[1], 6)
    torch.testing.assert_close(made(x, Context(grid=grid)), published(made, x, grid), rtol=0, atol=1e-10)


def test_the_far_half_is_a_circular_convolution(places) -> None:
    made, x = module(), places.normal(1, 20, 3)
    kernel = torch.fft.irfft2(torch.view_as_complex(made.spectrum), s=(4, 5), dim=(0, 1))  # (4, 5, 3)
    image, expected = x.view(4, 5, 3), torch.zeros(4, 5, 3, dtype=torch.float64)
    for row in range(4):
        for column in range(5):
            expected += kernel[row, column] * image.roll((row, column), (0, 1))
    torch.testing.assert_close(far_half(made, x).view(4, 5, 3), expected, rtol=0, atol=1e-10)


def test_a_spectrum_of_ones_changes_nothing(places) -> None:
    made, x = module(), places.normal(2, 20, 3)
    with torch.no_grad():
        made.spectrum[..., 0], made.spectrum[..., 1] = 1, 0
    torch.testing.assert_close(far_half(made, x), x, rtol=0, atol=1e-12)


def test_shifting_a_grid_in_a_circle_shifts_the_far_half(places) -> None:
    made, image = module(), places.normal(1, 4, 5, 3)
    shifted = image.roll((1, 2), (1, 2))
    expected = far_half(made, image.flatten(1, 2)).view(1, 4, 5, 3).roll((1, 2), (1, 2))
    torch.testing.assert_close(far_half(made, shifted.flatten(1, 2)).view(1, 4, 5, 3), expected, rtol=0, atol=1e-12)


def test_odd_channels_come_from_the_far_half(places) -> None:
    made, x = module(), places.normal(1, 20, 6)
    with torch.no_grad():
        made.spectrum.zero_()
        made.after.weight.fill_(1)
        made.after.bias.zero_()
    y = made(x, GRID)  # before the last norm the odd channels are 0, so that after it they are all the same
    torch.testing.assert_close(y[..., 1], y[..., 3], rtol=0, atol=1e-12)
    assert not torch.isclose(y[..., 0], y[..., 2]).any()


def test_parameters_are_as_counted() -> None:
    assert GlobalLocalFilter.parameters_of(6, SITE) == sum(parameter.numel() for parameter in module().parameters())
