"""Nystromformer: the fast form equals its formula, and comes to softmax attention where it must."""

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.mixers.nystrom import NystromConfig, pseudo_inverse, segment_means, segment_shares
from paretoformer.search_spaces.registry import config_from_json

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
SITE = Site(width=16, length=70)


def made(places, **fields):
    """(module in float64, tokens (2, 70, 16))."""
    config = NystromConfig(**{"heads": 2, "landmarks": 12, "kernel": 0, **fields})
    return places.built(config, SITE).double().eval(), places.normal(2, 70, 16)


def softmax_of(module):
    """Softmax attention with the same projections."""
    softmax = config_from_json("mixer", {"name": "softmax", "heads": 2}).build(SITE).double()
    softmax.load_state_dict({name: value for name, value in module.state_dict().items() if name != "near.weight"})
    return softmax


def weights(q, k):
    """softmax(q k^T / sqrt(8))."""
    return (q @ k.mT / 8**0.5).softmax(-1)


def means(x, segments):
    """Means of consecutive tokens, segment by segment, the longer ones first."""
    sizes = [x.shape[2] // segments + (s < x.shape[2] % segments) for s in range(segments)]
    return torch.stack([part.mean(2) for part in x.split(sizes, 2)], 2)


@torch.no_grad()
@pytest.mark.parametrize("length", [70, 60])
def test_it_is_the_product_of_three_softmaxes_the_middle_one_inverted(places, length) -> None:
    module, x = made(places)
    q, k, v = module.project(x[:, :length])
    few_q, few_k = means(q, 12), means(k, 12)
    inverse = pseudo_inverse(weights(few_q, few_k), 6)
    expected = module.merge(weights(q, few_k) @ inverse @ weights(few_q, k) @ v)
    torch.testing.assert_close(module(x[:, :length], Context()), expected, **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("length", [70, 9])
def test_a_sequence_of_no_more_tokens_than_landmarks_gets_softmax_attention(places, length) -> None:
    module, x = made(places, landmarks=70)
    torch.testing.assert_close(module(x[:, :length], Context()), softmax_of(module)(x[:, :length], Context()), **CLOSE)


@torch.no_grad()
def test_a_short_sequence_beside_long_ones_gets_softmax_attention_too(places) -> None:
    module, x = made(places)
    padded = module(x, Context(lengths=torch.tensor([70, 11])))
    torch.testing.assert_close(padded[1, :11], softmax_of(module)(x[1:, :11], Context())[0], **CLOSE)


@torch.no_grad()
def test_a_landmark_for_each_token_and_the_exact_inverse_give_softmax_attention(places) -> None:
    module, x = made(places, landmarks=20, iterations=40)
    module.qkv.weight *= 4  # sharp weights, which have an inverse
    q, k, v = module.project(x[:, :20])
    y = module.merge(module._by_landmarks(q, k, v, Context()))
    torch.testing.assert_close(y, softmax_of(module)(x[:, :20], Context()), rtol=0, atol=1e-7)


@pytest.mark.parametrize("sharpness", [0.1, 1.0, 5.0])
def test_iterations_bring_x_z_x_to_x(places, sharpness) -> None:
    x = (sharpness * places.normal(3, 64, 64)).softmax(-1)
    residuals = [(x @ pseudo_inverse(x, n) @ x - x).norm() / x.norm() for n in (0, 3, 6, 12)]
    assert residuals == sorted(residuals, reverse=True)
    assert residuals[2] < 0.1 and residuals[3] < 0.01


def test_many_iterations_give_the_moore_penrose_inverse(places) -> None:
    x = places.normal(3, 8, 8).softmax(-1)
    torch.testing.assert_close(pseudo_inverse(x, 40), torch.linalg.pinv(x), rtol=1e-7, atol=1e-7)


@torch.no_grad()
@pytest.mark.parametrize(("iterations", "off"), [(6, 0.05), (40, 1e-6)])
def test_rows_of_weights_sum_to_one_as_far_as_the_inverse_is_exact(places, iterations, off) -> None:
    module, x = made(places, iterations=iterations)
    module.qkv.weight[32:], module.qkv.bias[32:] = 0, 3
    same = module.merge(torch.full((2, 2, 70, 8), 3.0).double())
    torch.testing.assert_close(module(x, Context()), same, rtol=0, atol=off)


@pytest.mark.parametrize("length", [12, 13, 23, 24, 70])
def test_segments_are_consecutive_and_shares_are_those_of_the_means(places, length) -> None:
    x = places.normal(1, 2, length, 3)
    expected = means(x, 12)
    torch.testing.assert_close(segment_means(x, 12), expected, **CLOSE)
    longer = torch.cat((x, places.normal(1, 2, 5, 3)), 2)
    shares = segment_shares(torch.tensor([length]), longer, 12)
    torch.testing.assert_close(shares[:, None] @ longer, expected, **CLOSE)


def test_segments_without_a_token_are_zero(places) -> None:
    shares = segment_shares(torch.tensor([2, 0]), places.normal(2, 1, 5, 3), 4)
    torch.testing.assert_close(shares[0, :, :2], torch.eye(4, 2).double())
    assert not shares[0, :, 2:].any() and not shares[1].any()


@torch.no_grad()
def test_the_convolution_runs_along_each_head_of_values(places) -> None:
    module, x = made(places, kernel=5)
    plain, _ = made(places)
    plain.load_state_dict(module.state_dict(), strict=False)
    v = torch.nn.functional.pad(module.project(x)[2], (0, 0, 2, 2))
    taps = module.near.weight[:, 0, :, 0]  # (H, 5)
    near = sum(taps[:, tap, None, None] * v[:, :, tap : tap + 70] for tap in range(5))
    expected = plain(x, Context()) + near.transpose(1, 2).flatten(2) @ module.out.weight.mT
    torch.testing.assert_close(module(x, Context()), expected, **CLOSE)


@torch.no_grad()
def test_the_inverse_is_made_in_single_precision_under_autocast(places) -> None:
    module, x = made(places)
    module, x = module.float(), x.float()
    with torch.autocast("cpu", torch.bfloat16):
        narrow = module(x, Context()).float()
    exact = module(x, Context())
    assert (narrow - exact).norm() < 0.05 * exact.norm()


def test_macs_grow_linearly_with_length() -> None:
    config = NystromConfig(heads=2, landmarks=12)
    one, two, three = (config.macs(SITE, length) for length in (20, 40, 60))
    assert two - one == three - two


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"landmarks": 71}, "71 landmarks, more than tokens"),
        ({"kernel": 4}, "kernel of 4 without a centre"),
        ({"kernel": 141}, "kernel of 141, and"),
    ],
)
def test_what_cannot_stand_is_refused(fields, said) -> None:
    assert any(said in sentence for sentence in NystromConfig(**fields).problems(SITE))
    assert not list(NystromConfig(landmarks=70, kernel=139).problems(SITE))
