"""The separable convolution beside its formula."""

import torch
from torch import nn

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.registry import choice


class SepConv(nn.Module):
    """The published module, channels last, in plain torch."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pwconv1 = nn.Linear(width, 2 * width, bias=False)
        self.scale, self.bias = nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))
        self.dwconv = nn.Conv2d(2 * width, 2 * width, 7, padding=3, groups=2 * width, bias=False)
        self.pwconv2 = nn.Linear(2 * width, width, bias=False)

    def forward(self, x):  # (B, H, W, D)
        x = self.scale * torch.relu(self.pwconv1(x)) ** 2 + self.bias
        return self.pwconv2(self.dwconv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))


def test_it_is_the_published_module_with_the_same_weights(places) -> None:
    site = Site(width=16, length=48, grid=(6, 8))
    config = choice("mixer", "separable").config()
    module, x = places.built(config, site).double(), places.normal(2, 48, 16)
    reference = SepConv(16).double()
    assert config.parameters(site) == sum(parameter.numel() for parameter in reference.parameters())
    with torch.no_grad():
        reference.pwconv1.weight.copy_(module.up.weight)
        reference.scale.copy_(module.activation.scale)
        reference.bias.copy_(module.activation.shift)
        reference.dwconv.weight.copy_(module.convolution.kernel.weight)
        reference.pwconv2.weight.copy_(module.down.weight)
    expected = reference(x.unflatten(1, site.grid)).flatten(1, 2)
    torch.testing.assert_close(module(x, Context(grid=site.grid)), expected, rtol=0, atol=1e-10)


def test_a_shift_of_starrelu_does_not_leak_from_padding(places) -> None:
    site, lengths = Site(width=16, length=9), torch.tensor([4])
    module, x = choice("mixer", "separable").config().build(site).double(), places.normal(1, 9, 16)
    alone = module(x[:, :4], Context())
    torch.testing.assert_close(module(x, Context(lengths=lengths))[:, :4], alone, rtol=0, atol=1e-10)


def test_its_hidden_width_is_a_share_of_the_width() -> None:
    site = Site(width=10, length=4)
    config = choice("mixer", "separable").config
    assert [config(ratio=ratio).hidden(site) for ratio in (0.01, 0.5, 2.0)] == [1, 5, 20]


def test_dense_narrow_and_with_relu_twice_it_is_the_bottleneck_of_resnet_without_norms(places) -> None:
    site = Site(width=16, length=48, grid=(6, 8))
    config = choice("mixer", "separable").config(
        ratio=0.25, size=3, bias=True, dense=True, activation="relu", after="relu"
    )
    module, x = places.built(config, site).double(), places.normal(2, 48, 16)
    reference = nn.Sequential(
        nn.Conv2d(16, 4, 1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 16, 1)
    ).double()
    layers = ((0, module.up), (2, module.convolution.kernel), (4, module.down))
    with torch.no_grad():
        for index, own in layers:
            reference[index].weight.copy_(own.weight.reshape(reference[index].weight.shape))
            reference[index].bias.copy_(own.bias)
    expected = reference(x.mT.reshape(2, 16, 6, 8)).flatten(2).mT
    torch.testing.assert_close(module(x, Context(grid=site.grid)), expected, rtol=0, atol=1e-10)
    assert config.parameters(site) == sum(parameter.numel() for parameter in reference.parameters())


def test_where_no_starrelu_is_its_start_makes_no_other_architecture() -> None:
    config = choice("mixer", "separable").config
    assert config(activation="gelu", start="code").to_json() == config(activation="gelu").to_json()
