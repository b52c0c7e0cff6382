"""The sliding window: its blocks equal the masked N x N form, special cases, and what it keeps while decoding."""

from dataclasses import replace

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.mixers.softmax import SoftmaxConfig
from paretoformer.search_spaces.mixers.window import WindowConfig

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
SITE = Site(width=16, length=300)
CAUSAL = replace(SITE, causal=True)


def made(places, site=SITE, length=300, **fields):
    """(module in float64, tokens (2, length, 16)) of a config at a site."""
    module = places.built(WindowConfig(**fields), site).double().eval()
    return module, places.normal(2, length, site.width)


def apart(length):
    """Key minus query, (N, N)."""
    i = torch.arange(length)
    return i - i[:, None]


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 31, 32, 33, 100, 300])
@pytest.mark.parametrize(
    ("causal", "form", "window", "before", "after"),
    [
        (False, "longformer", 10, 5, 5),
        (False, "lra", 10, 4, 5),
        (False, "lra", 7, 3, 3),
        (True, "longformer", 10, 9, 0),
        (True, "lra", 10, 4, 0),
        (False, "longformer", 200, 100, 100),
    ],
)
def test_blocks_equal_the_masked_form(places, dense_attention, length, causal, form, window, before, after) -> None:
    module, x = made(places, replace(SITE, causal=causal), length, form=form, window=window, kv_heads=2)
    seen = (apart(length) >= -before) & (apart(length) <= after)
    expected = module.merge(dense_attention(*module.project(x), seen))
    torch.testing.assert_close(module(x, Context(causal=causal)), expected, **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("name", ["alibi", "t5", "rotary"])
def test_positions_act_as_in_the_masked_form(places, dense_attention, name) -> None:
    module, x = made(places, replace(SITE, position=places.default("position", name)), window=10)
    q, k, v = module.project(x)
    where = torch.arange(300)
    bias = module.position.bias(q, where, where)
    q, k = module.position.rotate(q, where), module.position.rotate(k, where)
    expected = module.merge(dense_attention(q, k, v, apart(300).abs() <= 5, 0.0 if bias is None else bias))
    torch.testing.assert_close(module(x, Context()), expected, **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("length", [2, 30, 300])
def test_global_tokens_read_all_and_are_read_by_all(places, dense_attention, length) -> None:
    module, x = made(places, length=length, window=10, global_tokens=3)
    seen = (apart(length).abs() <= 5) | (torch.arange(length) < 3)
    near = dense_attention(*module.project(x), seen)
    q = module.global_q(x).unflatten(-1, (4, 4)).transpose(1, 2)
    k, v = (part.unflatten(-1, (4, 4)).transpose(1, 2) for part in module.global_kv(x).chunk(2, -1))
    far = dense_attention(q, k, v, torch.ones(length, length, dtype=torch.bool))
    expected = module.merge(torch.cat((far[:, :, :3], near[:, :, 3:]), 2))
    torch.testing.assert_close(module(x, Context()), expected, **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("causal", [False, True])
def test_a_window_as_long_as_the_sequence_is_softmax(places, causal) -> None:
    module, x = made(places, replace(SITE, causal=causal), 100, window=200)
    softmax = SoftmaxConfig().build(replace(SITE, causal=causal)).double()
    softmax.load_state_dict(module.state_dict())
    context = Context(causal=causal)
    torch.testing.assert_close(module(x, context), softmax(x, context), **CLOSE)


@torch.no_grad()
def test_what_lies_outside_the_window_does_not_matter(places) -> None:
    module, x = made(places, window=10)
    other = x.clone()
    other[:, 200:] += 1
    assert torch.equal(module(other, Context())[:, :195], module(x, Context())[:, :195])
    assert not torch.equal(module(other, Context())[:, 195], module(x, Context())[:, 195])


@torch.no_grad()
@pytest.mark.parametrize("pieces", [[300], [1] * 300, [3, 1, 1, 90, 1, 1, 1, 150, 52]])
def test_decoding_keeps_the_window_alone_and_agrees(places, pieces) -> None:
    position = places.default("position", "alibi")
    module, x = made(places, replace(CAUSAL, position=position), window=10)
    state, seen, outputs = module.start(2, 300, x[:, 0], Context(causal=True)), 0, []
    assert state.k.shape == state.v.shape == (2, 4, 10, 4)
    for piece in x.split(pieces, 1):
        y, state = module.extend(piece, state, Context(causal=True, offset=seen))
        outputs.append(y)
        seen += piece.shape[1]
    torch.testing.assert_close(torch.cat(outputs, 1), module(x, Context(causal=True)), **CLOSE)


@pytest.mark.parametrize("site", [SITE, CAUSAL], ids=["bidirectional", "causal"])
def test_memory_grows_as_the_length(places, largest_tensor, site) -> None:
    module, x = made(places, replace(site, length=4096), 4096, window=16)
    context = Context(causal=site.causal)
    sizes = [largest_tensor(lambda length=length: module(x[:, :length], context).sum()) for length in (2048, 4096)]
    assert sizes[1] <= 2.1 * sizes[0]
    assert sizes[1] < 4096**2 / 10


@pytest.mark.parametrize(
    ("site", "fields", "said"),
    [
        (SITE, {"window": 301}, "mixer window has a window of 301 tokens, and a sequence of up to 300 tokens"),
        (SITE, {"window": 1}, "holds the token alone"),
        (SITE, {"window": 9}, "and half of them lie on each side"),
        (
            CAUSAL,
            {"window": 8, "global_tokens": 1},
            "1 global_tokens, which read all tokens, and this stack is causal",
        ),
        (SITE, {"window": 8, "global_tokens": 301}, "301 global_tokens, and a sequence of up to 300 tokens has 300"),
    ],
)
def test_what_cannot_stand_is_refused(site, fields, said) -> None:
    assert any(said in sentence for sentence in WindowConfig(**fields).problems(site))
