"""Factorised sparse attention: both patterns equal their masked N x N forms, and reach every token in two layers."""

from dataclasses import replace

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.mixers.softmax import SoftmaxConfig
from paretoformer.search_spaces.mixers.sparse import SparseConfig

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
SITE = Site(width=16, length=300)
SMALL = {"stride": 8, "summary": 3}
PATTERNS = [("fixed", "heads"), ("fixed", "merged"), ("fixed", "lra"), ("strided", "heads"), ("strided", "merged")]


def made(places, site=SITE, length=300, **fields):
    """(module in float64, tokens (2, length, 16)) of a config at a site."""
    module = places.built(SparseConfig(**{**SMALL, **fields}), site).double().eval()
    return module, places.normal(2, length, site.width)


def seen_by_head(length, pattern, form, causal, heads=4):
    """The definition of the masks, (H, N, N), with stride 8 and 3 summaries."""
    i, j = torch.arange(length)[:, None], torch.arange(length)
    if pattern == "fixed":
        near = i // 8 == j // 8
        far = ((j % 8 >= 5) | ((j % 8 == 0) & (form == "lra"))).expand(length, -1)
    else:
        near, far = (i - j).abs() <= 8, (i - j) % 8 == 0
    if causal:
        near, far = near & (j <= i), far & (j <= i)
    split = heads - heads // 2
    rows = [near] * split + [far] * (heads - split) if form == "heads" else [near | far] * heads
    return torch.stack(rows)


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 5, 8, 9, 40, 300])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("pattern", "form"), PATTERNS)
def test_blocks_equal_the_masked_form(places, dense_attention, length, causal, pattern, form) -> None:
    module, x = made(places, replace(SITE, causal=causal), length, pattern=pattern, form=form, kv_heads=2)
    expected = dense_attention(*module.project(x), seen_by_head(length, pattern, form, causal)).nan_to_num()
    torch.testing.assert_close(module(x, Context(causal=causal)), module.merge(expected), **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("name", ["alibi", "t5", "rotary"])
@pytest.mark.parametrize(("pattern", "form"), PATTERNS)
def test_positions_act_as_in_the_masked_form(places, dense_attention, name, pattern, form) -> None:
    site = replace(SITE, position=places.default("position", name))
    module, x = made(places, site, 43, pattern=pattern, form=form, heads=2)
    q, k, v = module.project(x)
    where = torch.arange(43)
    bias = module.position.bias(q, where, where)
    q, k = module.position.rotate(q, where), module.position.rotate(k, where)
    seen = seen_by_head(43, pattern, form, causal=False, heads=2)
    expected = dense_attention(q, k, v, seen, 0.0 if bias is None else bias)
    torch.testing.assert_close(module(x, Context()), module.merge(expected), **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("pieces", [[60], [1] * 60, [3, 1, 4, 9, 1, 20, 22], [16, 44]])
@pytest.mark.parametrize(("pattern", "form"), PATTERNS)
def test_decoding_agrees_with_the_whole(places, pieces, pattern, form) -> None:
    site = replace(SITE, causal=True, position=places.default("position", "alibi"))
    module, x = made(places, site, 60, pattern=pattern, form=form)
    state, seen, outputs = module.start(2, 60, x[:, 0], Context(causal=True)), 0, []
    for piece in x.split(pieces, 1):
        y, state = module.extend(piece, state, Context(causal=True, offset=seen))
        outputs.append(y)
        seen += piece.shape[1]
    torch.testing.assert_close(torch.cat(outputs, 1), module(x, Context(causal=True)), **CLOSE)


@pytest.mark.parametrize(("pattern", "form"), PATTERNS)
def test_two_layers_reach_every_token_before_and_one_does_not(places, pattern, form) -> None:
    module, x = made(places, replace(SITE, causal=True), 64, pattern=pattern, form=form)
    context, reached = Context(causal=True), []
    for layers in (1, 2):
        given = y = x[:1].clone().requires_grad_()
        for _ in range(layers):
            y = module(y, context)
        y[0, 62].sum().backward()
        reached.append(given.grad[0].abs().amax(-1) > 0)
    assert reached[1].tolist() == [True] * 63 + [False]
    assert 0 < reached[0].sum() < 40


@torch.no_grad()
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("pattern", ["fixed", "strided"])
def test_a_stride_as_long_as_the_sequence_is_softmax_when_merged(places, pattern, causal) -> None:
    site = replace(SITE, causal=causal)
    module, x = made(places, site, 64, pattern=pattern, form="merged", stride=64)
    softmax = SoftmaxConfig().build(site).double()
    softmax.load_state_dict(module.state_dict())
    context = Context(causal=causal)
    torch.testing.assert_close(module(x, context), softmax(x, context), **CLOSE)


@torch.no_grad()
def test_queries_before_the_first_summary_get_nothing_from_the_far_heads(places) -> None:
    module, x = made(places, replace(SITE, causal=True), 12, heads=2, bias=False)
    module.out.weight.copy_(torch.eye(16))
    y = module(x, Context(causal=True))
    assert (y[:, :5, 8:] == 0).all() and (y[:, 5:, 8:] != 0).all()


@pytest.mark.parametrize("pattern", ["fixed", "strided"])
@pytest.mark.parametrize("form", ["heads", "merged"])
def test_memory_at_a_stride_of_the_root_grows_slower_than_the_square(places, largest_tensor, pattern, form) -> None:
    sizes = []
    for length, stride in ((1024, 32), (4096, 64)):
        site = replace(SITE, causal=True, length=length)
        module, x = made(places, site, length, pattern=pattern, form=form, stride=stride, summary=1)
        sizes.append(largest_tensor(lambda module=module, x=x: module(x, Context(causal=True)).sum()))
    assert sizes[1] <= 8.5 * sizes[0]
    assert sizes[1] < 2 * 4 * 4096**2 / 10


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"stride": 301}, "mixer sparse has a stride of 301 tokens, and a sequence of up to 300 tokens"),
        ({"stride": 1, "summary": 1}, "leaves no token of"),
        ({"stride": 8, "summary": 8}, "summary is below stride"),
        ({"heads": 1}, "its near and far set need one each"),
    ],
)
def test_what_cannot_stand_is_refused(fields, said) -> None:
    assert any(said in sentence for sentence in SparseConfig(**fields).problems(SITE))


def test_a_strided_config_has_one_spelling_whatever_its_summaries() -> None:
    strided = SparseConfig(pattern="strided", summary=5, form="lra")
    assert strided.canonical() == SparseConfig(pattern="strided", form="merged")
