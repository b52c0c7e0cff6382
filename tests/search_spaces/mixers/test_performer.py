"""Performer: the sums equal the N x N form, whose mean over draws is softmax attention."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import relu

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.mixers.performer import Performer, PerformerConfig
from paretoformer.search_spaces.registry import config_from_json

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
SITE = Site(width=16, length=70)


def made(places, site=SITE, **fields):
    """(module in float64, context, tokens (2, 70, 16))."""
    module = places.built(PerformerConfig(**{"heads": 2, "draws": 32, **fields}), site).double().eval()
    return module, Context(causal=site.causal), places.normal(2, 70, 16)


def logarithms(module, x):
    """w x' - |x'|^2 / 2, (B, H, N, m)."""
    x = x / module.head_width**0.25
    return x @ module.drawn.rows.double().mT - (x * x).sum(-1, keepdim=True) / 2


def dense(module, x, phi_q, phi_k, causal=False):
    """The definition, from features of queries and keys."""
    weights = phi_q @ phi_k.mT
    weights = weights.tril() if causal else weights
    return module.merge(weights / weights.sum(-1, keepdim=True) @ module.project(x)[2])


@torch.no_grad()
@pytest.mark.parametrize("rows", ["gaussian", "sphere"])
@pytest.mark.parametrize("causal", [True, False])
def test_sums_equal_the_quadratic_form(places, causal, rows) -> None:
    module, context, x = made(places, replace(SITE, causal=causal), rows=rows)
    q, k = (logarithms(module, z) for z in module.project(x)[:2])
    expected = dense(module, x, (q - q.amax(-1, keepdim=True)).exp() + 1e-4, k.exp() + 1e-4, causal)
    torch.testing.assert_close(module(x, context), expected, **CLOSE)


@torch.no_grad()
def test_the_official_stabiliser_takes_the_largest_key_of_each_head_off(places) -> None:
    module, context, x = made(places, stabiliser="both")
    q, k = (logarithms(module, z) for z in module.project(x)[:2])
    largest = k.flatten(2).amax(-1)[:, :, None, None]
    expected = dense(module, x, (q - q.amax(-1, keepdim=True)).exp() + 1e-4, (k - largest).exp() + 1e-4)
    torch.testing.assert_close(module(x, context), expected, **CLOSE)


@torch.no_grad()
def test_the_relu_kernel_equals_its_quadratic_form(places) -> None:
    module, context, x = made(places, kernel="relu")
    q, k = (relu(z / 8**0.25 @ module.drawn.rows.double().mT) + 1e-3 for z in module.project(x)[:2])
    torch.testing.assert_close(module(x, context), dense(module, x, q, k), **CLOSE)


@torch.no_grad()
def test_padding_takes_no_part_in_the_largest_key(places) -> None:
    module, _, x = made(places, stabiliser="both")
    x[1, 9:] *= 100
    padded = module(x, Context(lengths=torch.tensor([70, 9])))
    torch.testing.assert_close(padded[1:, :9], module(x[1:, :9], Context()), **CLOSE)


@pytest.mark.parametrize("rows", ["gaussian", "sphere"])
def test_rows_of_one_block_are_orthogonal(places, rows) -> None:
    drawn = made(places, rows=rows)[0].drawn.rows.double()
    products = drawn[:8] @ drawn[:8].mT
    torch.testing.assert_close(products, products.diagonal().diag(), rtol=0, atol=1e-5)
    if rows == "sphere":
        torch.testing.assert_close(products.diagonal(), torch.full((8,), 8.0).double(), rtol=1e-5, atol=0)


def estimates(places, draws: int, repeats: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """(mean over m of the product of features of one query and each of eight keys, one a repeat; the exact kernel)."""
    q, k = 0.5 * places.normal(1, 8, seed=5), 0.5 * places.normal(8, 8, seed=6)
    found = []
    for seed in range(repeats):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = PerformerConfig(heads=2, draws=draws).build(SITE).double()
        found.append((logarithms(module, q).exp() @ logarithms(module, k).exp().mT / draws)[0])
    return torch.stack(found), (q @ k.mT / 8**0.5).exp()[0]


@torch.no_grad()
def test_the_mean_over_draws_is_the_softmax_kernel(places) -> None:
    found, exact = estimates(places, draws=16, repeats=400)
    error = found.std(0) / 400**0.5
    assert ((found.mean(0) - exact).abs() < 4 * error + 1e-6).all()


@torch.no_grad()
def test_the_error_falls_as_draws_grow(places) -> None:
    errors = []
    for draws in (16, 256):
        found, exact = estimates(places, draws, repeats=40)
        errors.append((found - exact).square().mean().sqrt())
    assert errors[1] < errors[0] / 2.5  # 4 at one over the square root


@torch.no_grad()
def test_many_draws_give_softmax_attention(places) -> None:
    module, context, x = made(places, draws=4096)
    x = x / 2  # the variance grows with the exponential of the norm
    softmax = config_from_json("mixer", {"name": "softmax", "heads": 2}).build(SITE).double()
    softmax.load_state_dict({n: p for n, p in module.state_dict().items() if not n.startswith("drawn")})
    expected = softmax(x, context)
    assert (module(x, context) - expected).norm() < 0.05 * expected.norm()


@torch.no_grad()
def test_rows_of_weights_sum_to_one_whatever_the_keys(places) -> None:
    module, context, x = made(places)
    module.qkv.weight[32:] = 0
    module.qkv.bias[32:] = 3
    same = module.merge(torch.full((2, 2, 70, 8), 3.0).double())
    torch.testing.assert_close(module(30 * x, context), same, rtol=0, atol=1e-6)


@torch.no_grad()
def test_every_redraw_th_pass_of_training_has_new_rows(places) -> None:
    module, context, x = made(places, redraw=2)
    seen = []
    for training in (False, True, True, True, True):
        module.train(training)(x, context)
        seen.append(module.drawn.rows.clone())
    assert torch.equal(seen[0], seen[1]) and torch.equal(seen[2], seen[3])
    assert not torch.equal(seen[1], seen[2]) and not torch.equal(seen[3], seen[4])


def test_rows_stay_in_single_precision_when_the_model_is_narrowed() -> None:
    module: Performer = PerformerConfig().build(SITE).to(torch.bfloat16)
    assert module.drawn.rows.dtype == torch.float32 and module.qkv.weight.dtype == torch.bfloat16


def test_autocast_does_not_touch_the_exponents(places) -> None:
    module, _, _ = made(places)
    q = places.normal(1, 2, 5, 8).float()
    with torch.autocast("cpu", torch.bfloat16):
        narrow = module.features(q, q, Context())
    assert all(torch.equal(one, two) for one, two in zip(narrow, module.features(q, q, Context()), strict=True))


@pytest.mark.parametrize(("fields", "said"), [({}, "this stack is causal"), ({"kernel": "relu"}, "no exponents")])
def test_a_stabiliser_that_looks_ahead_or_has_no_object_is_refused(fields, said) -> None:
    site = replace(SITE, causal=not fields)
    assert any(said in sentence for sentence in PerformerConfig(stabiliser="both", **fields).problems(site))
