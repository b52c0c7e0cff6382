"""Block-local attention: its blocks equal the masked N x N form, and decoding keeps one block."""

from dataclasses import replace

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.mixers.block import BlockConfig
from paretoformer.search_spaces.mixers.softmax import SoftmaxConfig

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
SITE = Site(width=16, length=100)
CAUSAL = replace(SITE, causal=True)


def made(places, site=SITE, length=100, **fields):
    """(module in float64, tokens (2, length, 16)) of a config at a site."""
    module = places.built(BlockConfig(**fields), site).double().eval()
    return module, places.normal(2, length, site.width)


def same_block(length, size, causal=False):
    """Which keys are seen, (N, N)."""
    i = torch.arange(length)
    seen = i[:, None] // size == i // size
    return seen.tril() if causal else seen


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 7, 8, 9, 16, 100])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("name", ["none", "alibi", "t5", "rotary"])
def test_blocks_equal_the_masked_form(places, dense_attention, length, causal, name) -> None:
    site = replace(SITE, causal=causal, position=places.default("position", name))
    module, x = made(places, site, length, block=8, kv_heads=2)
    q, k, v = module.project(x)
    where = torch.arange(length)
    bias = module.position.bias(q, where, where)
    q, k = module.position.rotate(q, where), module.position.rotate(k, where)
    expected = dense_attention(q, k, v, same_block(length, 8, causal), 0.0 if bias is None else bias)
    torch.testing.assert_close(module(x, Context(causal=causal)), module.merge(expected), **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("causal", [False, True])
def test_a_block_as_long_as_the_sequence_is_softmax(places, causal) -> None:
    site = replace(SITE, causal=causal)
    module, x = made(places, site, block=100)
    softmax = SoftmaxConfig().build(site).double()
    softmax.load_state_dict(module.state_dict())
    context = Context(causal=causal)
    torch.testing.assert_close(module(x, context), softmax(x, context), **CLOSE)


@torch.no_grad()
def test_nothing_crosses_the_border_of_a_block(places) -> None:
    module, x = made(places, block=8)
    other = x.clone()
    other[:, 8:16] += 1
    same = (module(other, Context()) == module(x, Context())).all(-1).all(0)
    assert same.nonzero().flatten().tolist() == [*range(8), *range(16, 100)]


@torch.no_grad()
@pytest.mark.parametrize("pieces", [[100], [1] * 100, [8, 8, 84], [3, 1, 4, 5, 20, 7, 1, 59]])
def test_decoding_keeps_one_block_and_agrees(places, pieces) -> None:
    module, x = made(places, replace(CAUSAL, position=places.default("position", "alibi")), block=8)
    state, seen, outputs = module.start(2, 100, x[:, 0], Context(causal=True)), 0, []
    for piece in x.split(pieces, 1):
        y, state = module.extend(piece, state, Context(causal=True, offset=seen))
        assert state.k.shape == state.v.shape == (2, 4, 8, 4)
        outputs.append(y)
        seen += piece.shape[1]
    torch.testing.assert_close(torch.cat(outputs, 1), module(x, Context(causal=True)), **CLOSE)


@pytest.mark.parametrize("site", [SITE, CAUSAL], ids=["bidirectional", "causal"])
def test_memory_grows_as_the_length(places, largest_tensor, site) -> None:
    module, x = made(places, site, 4096, block=16)
    context = Context(causal=site.causal)
    sizes = [largest_tensor(lambda length=length: module(x[:, :length], context).sum()) for length in (2048, 4096)]
    assert sizes[1] <= 2.1 * sizes[0]
    assert sizes[1] < 4096**2 / 10


@pytest.mark.parametrize(
    ("block", "said"), [(101, "a sequence of up to 100 tokens has 100 in all"), (1, "it would read itself alone")]
)
def test_what_cannot_stand_is_refused(block, said) -> None:
    assert any(said in sentence for sentence in BlockConfig(block=block).problems(SITE))
