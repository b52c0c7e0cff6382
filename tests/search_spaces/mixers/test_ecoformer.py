"""EcoFormer: the sums equal the N x N form over codes, and hash functions are learned once."""

from dataclasses import replace

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.mixers.ecoformer import EcoformerConfig

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
SITE = Site(width=16, length=70)
CAUSAL = replace(SITE, causal=True)


def made(places, site=SITE, **fields):
    """(module in float64, context, tokens (2, 70, 16))."""
    module = places.built(EcoformerConfig(**{"heads": 2, "bits": 5, **fields}), site).double().eval()
    return module, Context(causal=site.causal), places.normal(2, 70, 16)


def codes(module, x, context):
    """Codes by the formulas, distance by distance: (B, H, N, b)."""
    parts = module.hash
    z, a, centre, spread = (t.double() for t in (parts.anchors, parts.combinations, parts.centre, parts.spread))
    u = module.qk(x).unflatten(-1, (2, 8)).transpose(1, 2)
    u = u / u.norm(dim=-1, keepdim=True)
    distances = (u[:, :, :, None] - z[:, None]).square().sum(-1)
    sigma = spread[:, None, None] if context.causal else distances.mean((2, 3), keepdim=True)
    y = ((-distances / (2 * sigma)).exp() - centre[:, None]) @ a.mT
    return torch.where(y < 0, -1.0, 1.0).double()


def weights(module, x, context):
    """h_i . h_j + beta for the tokens that i reads, (B, H, N, N)."""
    h = codes(module, x, context)
    affinity = h @ h.mT + module.config.offset
    return affinity.tril() if context.causal else affinity


def values(module, x):
    """(B, H, N, d)."""
    return module.v(x).unflatten(-1, (2, 8)).transpose(1, 2)


def merged(module, heads):
    """(B, N, D)."""
    return module.out(heads.transpose(1, 2).flatten(2))


@torch.no_grad()
@pytest.mark.parametrize("site", [SITE, CAUSAL], ids=["both", "causal"])
@pytest.mark.parametrize("beta", ["power", "least"])
def test_sums_equal_the_quadratic_form(places, site, beta) -> None:
    module, context, x = made(places, site, beta=beta)
    affinity = weights(module, x, context)
    shares = affinity / affinity.sum(-1, keepdim=True)
    assert affinity[..., :1].min() > 0
    torch.testing.assert_close(module(x, context), merged(module, shares @ values(module, x)), **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("site", [SITE, CAUSAL], ids=["both", "causal"])
def test_the_official_numerator_has_beta_times_the_own_value_alone(places, site) -> None:
    module, context, x = made(places, site, numerator="own")
    affinity, beta, v = weights(module, x, context), module.config.offset, values(module, x)
    agreement = affinity - beta * (affinity != 0)
    y = (agreement @ v + beta * v) / affinity.sum(-1, keepdim=True)
    torch.testing.assert_close(module(x, context), merged(module, y), **CLOSE)


@torch.no_grad()
def test_the_official_numerator_counts_valid_tokens_only(places) -> None:
    module, _, x = made(places, numerator="own")
    padded = module(x, Context(lengths=torch.tensor([70, 9])))
    torch.testing.assert_close(padded[1:, :9], module(x[1:, :9], Context()), **CLOSE)


@torch.no_grad()
def test_products_of_codes_count_the_bits_that_differ(places) -> None:
    module, context, x = made(places)
    h = module.hash(module._units(x), context)
    assert torch.equal(h, codes(module, x, context))
    differing = (h[..., :, None, :] != h[..., None, :, :]).sum(-1)
    assert torch.equal(h @ h.mT, 5.0 - 2 * differing)


@torch.no_grad()
def test_equal_codes_give_the_mean_of_values(places) -> None:
    module, context, x = made(places)
    module.hash.combinations.zero_()
    mean = values(module, x).mean(2, keepdim=True).expand(2, 2, 70, 8)
    torch.testing.assert_close(module(x, context), merged(module, mean), **CLOSE)


@torch.no_grad()
def test_equal_values_stay_as_they_are(places) -> None:
    module, context, x = made(places)
    module.v.weight.zero_()
    module.v.bias.fill_(-3)
    torch.testing.assert_close(module(x, context), merged(module, values(module, x)), **CLOSE)


def test_gradients_pass_a_sign_where_it_is_between_minus_one_and_one(places) -> None:
    module, context, x = made(places)
    units = module._units(x).detach()
    parts = module.hash
    y = torch.einsum("bhnm,hrm->bhnr", torch.zeros(2, 2, 70, 25).double(), parts.combinations.double())
    assert not y.any()
    units.requires_grad_()
    upstream = places.normal(2, 2, 70, 5, seed=4)
    (parts(units, context) * upstream).sum().backward()
    got, units.grad = units.grad, None
    distances = 2 - 2 * units @ parts.anchors.double().mT
    distances = distances + (units.square().sum(-1, keepdim=True) - 1)
    distances = distances + (parts.anchors.double().square().sum(-1)[:, None] - 1)
    near = (-distances / (2 * distances.mean((2, 3), keepdim=True))).exp()
    y = (near - parts.centre.double()[:, None]) @ parts.combinations.double().mT
    inside = y.detach().abs() < 1
    assert inside.any() and not inside.all()
    (y * upstream * inside).sum().backward()
    torch.testing.assert_close(got, units.grad, **CLOSE)


@torch.no_grad()
def test_the_first_pass_of_training_learns_and_no_other(places) -> None:
    module, context, x = made(places)
    random = module.hash.combinations.clone()
    module(x, context)
    assert torch.equal(module.hash.combinations, random) and not module.hash.is_learned()
    module.train()(x, context)
    learned = {name: value.clone() for name, value in module.hash.state_dict().items()}
    assert module.hash.is_learned() and not torch.equal(learned["combinations"], random)
    module(2 * x.flip(1), context)
    assert all(torch.equal(value, learned[name]) for name, value in module.hash.state_dict().items())


@torch.no_grad()
def test_saved_hash_functions_are_not_learned_again(places) -> None:
    module, context, x = made(places)
    module.train()(x, context)
    other, _, _ = made(places)
    other.load_state_dict(module.state_dict())
    torch.testing.assert_close(other.train()(x.flip(1), context), module(x.flip(1), context), **CLOSE)
    assert torch.equal(other.hash.anchors, module.hash.anchors)


@torch.no_grad()
@pytest.mark.parametrize("site", [SITE, CAUSAL], ids=["both", "causal"])
def test_learned_means_centre_what_they_were_learned_from(places, site) -> None:
    module, context, x = made(places, site)
    module.learn(x, context)
    units = module._units(x)
    distances = (units[:, :, :, None] - module.hash.anchors.double()[:, None]).square().sum(-1)
    sigma = distances.mean((2, 3), keepdim=True)
    torch.testing.assert_close(module.hash.spread.double(), sigma.mean(0)[:, 0, 0], rtol=1e-6, atol=0)
    near = (-distances / (2 * (sigma.mean(0) if site.causal else sigma))).exp()
    torch.testing.assert_close(module.hash.centre.double(), near.mean((0, 2)), rtol=1e-6, atol=0)


@torch.no_grad()
def test_padding_is_not_learned_from(places) -> None:
    one, _, x = made(places)
    two, _, _ = made(places)
    lengths = torch.tensor([40, 40])
    for module, given, context in ((one, x[:, :40], Context()), (two, x, Context(lengths=lengths))):
        torch.manual_seed(0)
        module.learn(given, context)
    for name, value in one.hash.state_dict().items():
        torch.testing.assert_close(value, two.hash.state_dict()[name], rtol=1e-6, atol=1e-6)


def test_hash_functions_stay_in_single_precision_when_the_model_is_narrowed() -> None:
    module = EcoformerConfig().build(SITE).to(torch.bfloat16)
    assert {b.dtype for b in module.hash.buffers()} == {torch.float32, torch.bool}


@pytest.mark.parametrize(("bits", "power", "least"), [(16, 32, 17), (15, 16, 16), (7, 8, 8), (8, 16, 9), (1, 2, 2)])
def test_beta_keeps_weights_positive(bits, power, least) -> None:
    betas = [EcoformerConfig(bits=bits, beta=beta) for beta in ("power", "least")]
    assert [config.offset for config in betas] == [power, least]
    assert (betas[0].canonical() == betas[1].canonical()) == (power == least)
    assert [config.canonical().offset for config in betas] == [power, least]


@pytest.mark.parametrize(("fields", "said"), [({"anchors": 71}, "anchors 71"), ({"top": 71}, "top 71")])
def test_more_anchors_or_pairs_than_tokens_are_refused(fields, said) -> None:
    assert any(said in sentence for sentence in EcoformerConfig(**fields).problems(SITE))
