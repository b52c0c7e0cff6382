"""cosFormer: the sums equal the N x N form, and special cases."""

from dataclasses import replace
from math import pi

import pytest
import torch
from torch.nn.functional import elu, relu

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.mixers.cosformer import CosformerConfig

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
SEQUENCE, GRID = Site(width=16, length=70), Site(width=16, length=48, grid=(6, 8))


def made(places, site, **fields):
    """(module in float64, context, tokens (2, N, 16)) of a config at a site."""
    module = places.built(CosformerConfig(heads=2, **fields), site).double().eval()
    return module, Context(causal=site.causal, grid=site.grid), places.normal(2, site.length, site.width)


def dense(module, x, weights_of, activation=relu):
    """The definition: weights (N, N) of positions times those of activations, divided by their sum."""
    q, k, v = module.project(x)
    weights = activation(q) @ activation(k).mT * weights_of
    return module.merge(weights / weights.sum(-1, keepdim=True).clamp_min(1e-6) @ v)


def falling(length, most):
    """cos(pi / 2 (i - j) / most), (N, N)."""
    i = torch.arange(length, dtype=torch.float64)
    return (pi / 2 * (i[:, None] - i) / most).cos()


@torch.no_grad()
@pytest.mark.parametrize("activation", ["relu", "elu1"])
def test_sums_equal_the_quadratic_form(places, activation) -> None:
    module, context, x = made(places, SEQUENCE, activation=activation)
    expected = dense(module, x, falling(70, 70), relu if activation == "relu" else lambda z: elu(z) + 1)
    torch.testing.assert_close(module(x, context), expected, **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize(("causal", "prefix"), [(True, False), (False, True)])
def test_the_causal_form_and_the_prefix_form_equal_the_masked_one(places, causal, prefix) -> None:
    module, context, x = made(places, replace(SEQUENCE, causal=causal), prefix=prefix)
    torch.testing.assert_close(module(x, context), dense(module, x, falling(70, 70).tril()), **CLOSE)


@torch.no_grad()
def test_a_short_sequence_keeps_the_weights_of_the_longest(places) -> None:
    module, context, x = made(places, SEQUENCE)
    torch.testing.assert_close(module(x[:, :20], context), dense(module, x[:, :20], falling(20, 70)), **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("axes", ["raster", "sum", "product"])
def test_on_a_grid_rows_and_columns_may_be_weighed_apart(places, axes) -> None:
    module, context, x = made(places, GRID, axes=axes)
    rows, columns = falling(6, 6).repeat_interleave(8, 0).repeat_interleave(8, 1), falling(8, 8).repeat(6, 6)
    expected = {"raster": falling(48, 48), "sum": rows + columns, "product": rows * columns}[axes]
    torch.testing.assert_close(module(x, context), dense(module, x, expected), **CLOSE)


@torch.no_grad()
def test_with_a_far_horizon_it_is_plain_relu_attention(places) -> None:
    module, context, x = made(places, SEQUENCE)
    module.length = 10**9
    torch.testing.assert_close(module(x, context), dense(module, x, torch.ones(70, 70).double()), **CLOSE)


def test_no_weight_is_negative_within_the_length() -> None:
    assert (falling(70, 70) > 0).all()


@torch.no_grad()
def test_a_query_that_is_nowhere_positive_gives_the_output_bias(places) -> None:
    module, context, x = made(places, SEQUENCE)
    module.qkv.weight[:16] = 0
    module.qkv.bias[:16] = -1
    torch.testing.assert_close(module(x, context), module.out.bias.expand_as(x), **CLOSE)


@torch.no_grad()
def test_more_tokens_than_it_was_built_for_are_refused_in_decoding_too(places) -> None:
    module, context, x = made(places, replace(SEQUENCE, causal=True))
    _, state = module.extend(x, module.start(2, 71, x[:, 0], context), context)
    with pytest.raises(ValueError, match="built for 70 tokens cannot read 71"):
        module.extend(x[:, :1], state, replace(context, offset=70))


@pytest.mark.parametrize(
    ("fields", "site", "said"),
    [
        ({"axes": "sum"}, SEQUENCE, "axes sum needs a grid"),
        ({"prefix": True}, replace(SEQUENCE, causal=True), "this stack is causal without it"),
        ({"prefix": True, "axes": "sum"}, GRID, "axes sum have no first token"),
    ],
)
def test_fields_that_cannot_stand_together_are_refused(fields, site, said) -> None:
    assert any(said in sentence for sentence in CosformerConfig(**fields).problems(site))
