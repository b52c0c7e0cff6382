"""Simplified linear attention: the sums equal the N x N form, the convolution equals its definition."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import relu

from paretoformer.search_spaces.contract import Capability, Context, Site
from paretoformer.search_spaces.mixers.sla import SlaConfig

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
SEQUENCE, GRID = Site(width=16, length=70), Site(width=16, length=48, grid=(6, 8))


def made(places, site, **fields):
    """(module in float64, context, tokens (2, N, 16))."""
    module = places.built(SlaConfig(**{"heads": 2, **fields}), site).double().eval()
    return module, Context(causal=site.causal, grid=site.grid), places.normal(2, site.length, site.width)


def attended(q, k, v, causal=False):
    """The definition of the attention part, with weights (N, N)."""
    weights = relu(q) @ relu(k).mT
    weights = weights.tril() if causal else weights
    return weights / weights.sum(-1, keepdim=True).clamp_min(1e-6) @ v


def convolved(module, v, site):
    """The convolution of v: (B, H, N, d), tap by tap, over places (row, column) or tokens."""
    kernel, bias = module.near.weight.squeeze(1), module.near.bias
    image = v.unflatten(2, site.grid or (1, site.length))
    kernel = kernel if site.grid else kernel[:, None]
    middle = (kernel.shape[1] // 2, kernel.shape[2] - 1 if site.causal else kernel.shape[2] // 2)
    out = torch.zeros_like(image) + bias
    for row in range(image.shape[2]):
        for column in range(image.shape[3]):
            for i in range(kernel.shape[1]):
                for j in range(kernel.shape[2]):
                    r, c = row + i - middle[0], column + j - middle[1]
                    if 0 <= r < image.shape[2] and 0 <= c < image.shape[3]:
                        out[:, :, row, column] += kernel[:, i, j] * image[:, :, r, c]
    return out.flatten(2, 3)


@torch.no_grad()
@pytest.mark.parametrize("site", [SEQUENCE, replace(SEQUENCE, causal=True), GRID], ids=["both", "causal", "grid"])
@pytest.mark.parametrize("kernel", [3, 5])
def test_it_is_the_quadratic_form_plus_the_convolution(places, site, kernel) -> None:
    module, context, x = made(places, site, kernel=kernel)
    q, k, v = module.project(x)
    expected = module.merge(attended(q, k, v, site.causal) + convolved(module, v, site))
    torch.testing.assert_close(module(x, context), expected, **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("causal", [True, False])
def test_without_its_kernel_it_is_relu_linear_attention(places, causal) -> None:
    module, context, x = made(places, replace(SEQUENCE, causal=causal), kernel=0)
    torch.testing.assert_close(module(x, context), module.merge(attended(*module.project(x), causal)), **CLOSE)


@torch.no_grad()
def test_a_table_is_added_to_the_keys_before_the_relu(places) -> None:
    module, context, x = made(places, GRID, table=True, kernel=0)
    q, k, v = module.project(x)
    torch.testing.assert_close(module(x, context), module.merge(attended(q, k + module.table, v)), **CLOSE)


def test_a_table_is_counted_and_starts_at_zero() -> None:
    config = SlaConfig(heads=4, kv_heads=2, table=True)
    module = config.build(GRID)
    assert config.parameters(GRID) == sum(p.numel() for p in module.parameters())
    assert module.table.numel() == 48 * 8 and not module.table.any()


@torch.no_grad()
def test_the_rows_of_weights_average_the_values(places) -> None:
    module, context, x = made(places, SEQUENCE, kernel=0)
    module.qkv.weight[32:], module.qkv.bias[32:] = 0, -3  # values of either sign are averaged
    module.qkv.bias[:32] = 1
    same = module.merge(torch.full((2, 2, 70, 8), -3.0).double())
    torch.testing.assert_close(module(x, context), same, **CLOSE)


@torch.no_grad()
def test_a_query_that_is_nowhere_positive_gives_the_convolution_alone(places) -> None:
    module, context, x = made(places, SEQUENCE)
    module.qkv.weight[:16], module.qkv.bias[:16] = 0, -1
    expected = module.merge(convolved(module, module.project(x)[2], SEQUENCE))
    torch.testing.assert_close(module(x, context), expected, **CLOSE)


@torch.no_grad()
def test_the_scale_of_queries_changes_nothing(places) -> None:
    module, context, x = made(places, SEQUENCE)
    before = module(x, context)
    module.qkv.weight[:16] *= 7
    module.qkv.bias[:16] *= 7
    torch.testing.assert_close(module(x, context), before, **CLOSE)


@torch.no_grad()
def test_without_kernel_and_table_permuted_tokens_give_permuted_outputs(places) -> None:
    module, context, x = made(places, SEQUENCE, kernel=0)
    order = torch.randperm(70, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(module(x[:, order], context), module(x, context)[:, order], **CLOSE)
    assert Capability.EQUIVARIANT not in SlaConfig.choice.capabilities  # its default convolves


def test_a_layer_of_deit_width_has_the_parameters_of_the_official_module() -> None:
    """qkv with bias, one 5 x 5 kernel of 64 channels with bias for all heads, a table for 196 places, the projection."""
    width, places = 192, 196
    official = 3 * width * width + 3 * width + 64 * 25 + 64 + places * width + width * width + width
    site = Site(width=width, length=places, grid=(14, 14))
    assert SlaConfig(heads=3, table=True).parameters(site) == official


@pytest.mark.parametrize(
    ("fields", "site", "said"),
    [
        ({"kernel": 4}, SEQUENCE, "kernel 4 has no centre"),
        ({"kernel": 13}, GRID, "kernel 13, wider"),
        ({"kernel": 71}, replace(SEQUENCE, causal=True), "kernel 71, wider"),
        ({"table": True}, SEQUENCE, "a row for each place of a grid"),
    ],
)
def test_what_cannot_stand_is_refused(fields, site, said) -> None:
    assert any(said in sentence for sentence in SlaConfig(**fields).problems(site))


def test_the_widest_kernels_that_fit_are_not_refused() -> None:
    assert not list(SlaConfig(kernel=11).problems(GRID))
    assert not list(SlaConfig(kernel=70).problems(replace(SEQUENCE, causal=True)))
