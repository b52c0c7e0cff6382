"""The depthwise convolution as a mixer of published blocks."""

import pytest
import torch
from torch import nn

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.registry import choice


def test_it_is_torchs_depthwise_convolution_with_the_same_weights(places) -> None:
    site = Site(width=16, length=48, grid=(6, 8))
    module, x = places.built(choice("mixer", "depthwise").config(), site).double(), places.normal(2, 48, 16)
    reference = nn.Conv2d(16, 16, 7, padding=3, groups=16).double()
    reference.load_state_dict(module.convolution.kernel.state_dict())
    expected = reference(x.mT.reshape(2, 16, 6, 8)).flatten(2).mT
    torch.testing.assert_close(module(x, Context(grid=site.grid)), expected, rtol=0, atol=1e-10)


def test_convnext_tiny_has_the_published_parameters_and_macs() -> None:
    config = choice("mixer", "depthwise").config()
    parameters, macs = 3 * 16 * 96 + 96 + 2 * 96 + 2 * 768 + 768 * 1000 + 1000, 56**2 * 48 * 96 + 768 * 1000
    for stage, (blocks, side) in enumerate(((3, 56), (3, 28), (9, 14), (3, 7))):
        width = 96 << stage
        site = Site(width=width, length=side**2, grid=(side, side))
        parameters += blocks * (config.parameters(site) + 2 * width + 8 * width**2 + 5 * width + width)
        macs += blocks * (config.macs(site, side**2) + 8 * side**2 * width**2)
        if stage < 3:
            parameters += 2 * width + 4 * width * 2 * width + 2 * width
            macs += (side // 2) ** 2 * 4 * width * 2 * width
    assert (parameters, round(macs / 1e9, 3)) == (28_589_128, 4.456)


def test_a_mean_over_a_square_is_pooling_away_from_the_borders(places) -> None:
    site = Site(width=16, length=48, grid=(6, 8))
    pooling = choice("mixer", "pooling").config().build(site)
    module, x = choice("mixer", "depthwise").config(size=3, bias=False).build(site).double(), places.normal(2, 48, 16)
    with torch.no_grad():
        module.convolution.kernel.weight.fill_(1 / 9)
        module.convolution.kernel.weight[:, :, 1, 1] -= 1
    grid = Context(grid=site.grid)
    inner = (slice(None), slice(1, 5), slice(1, 7))
    y, expected = (mixer(x, grid).unflatten(1, site.grid)[inner] for mixer in (module, pooling))
    torch.testing.assert_close(y, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("name", "function"), [("relu", torch.relu), ("gelu", torch.nn.functional.gelu)])
def test_with_one_after_it_it_ends_in_its_activation(places, name, function) -> None:
    site, config, x = (
        Site(width=16, length=48, grid=(6, 8)),
        choice("mixer", "depthwise").config,
        places.normal(2, 48, 16),
    )
    plain = places.built(config(), site).double()
    module = places.built(config(after=name), site).double()
    grid = Context(grid=site.grid)
    torch.testing.assert_close(module(x, grid), function(plain(x, grid)), rtol=0, atol=1e-12)
