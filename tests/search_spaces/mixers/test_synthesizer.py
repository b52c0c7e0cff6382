"""Synthesizer: its weights are those of the paper's equations, and come from no pair of tokens."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import linear, relu

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.mixers.synthesizer import SynthesizerConfig

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
SITE = Site(width=16, length=40)
KINDS = ["dense", "random", "factorised"]


def made(places, site=SITE, length=40, **fields):
    """(module in float64, tokens (2, length, 16)) of a config at a site."""
    module = places.built(SynthesizerConfig(**{"kind": "dense", "rank": 5, **fields}), site).double().eval()
    return module, places.normal(2, length, site.width)


def scores_of(module, x):
    """The definition, token by token and head by head, (B, H, N, N)."""
    length = x.shape[1]
    if module.kind == "random":
        return module.scores[:, :length, :length].expand(len(x), -1, -1, -1)
    if module.kind == "factorised":
        found = torch.einsum("hir,hrj->hij", module.rows, module.columns)
        return found[:, :length, :length].expand(len(x), -1, -1, -1)
    heads = []
    for h in range(4):
        part = slice(4 * h, 4 * h + 4)
        hidden = relu(linear(x, module.hidden.weight[part], module.hidden.bias[part]))
        heads.append((linear(hidden, module.scores[h].mT) + module.score_bias[h])[..., :length])
    return torch.stack(heads, 1)


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 17, 40])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_outputs_are_those_of_the_equations(places, kind, causal, length) -> None:
    module, x = made(places, replace(SITE, causal=causal), length, kind=kind)
    scores = scores_of(module, x)
    if causal:
        scores = scores.masked_fill(~torch.ones(length, length).tril().bool(), -torch.inf)
    v = module.value(x).unflatten(-1, (4, 4)).transpose(1, 2)
    expected = module.out((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))
    torch.testing.assert_close(module(x, Context(causal=causal)), expected, **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("kind", KINDS)
def test_only_dense_weights_depend_on_the_input(places, kind) -> None:
    module, x = made(places, kind=kind)
    one, two = (module(given, Context()) for given in (x, x.flip(-1)))
    both = module(x + x.flip(-1), Context())
    bias = module.out(module.value.bias)  # what is left of a constant input of zeros
    additive = torch.allclose(both, one + two - bias, rtol=0, atol=1e-9)
    assert additive == (kind != "dense")


@torch.no_grad()
def test_a_dense_row_of_weights_depends_on_its_own_token_alone(places) -> None:
    module, x = made(places)
    other = x.clone()
    other[:, 7] += 1
    before, after = (module._scores(given, 0, 40) for given in (x, other))
    changed = (before != after).any(-1).any(1).any(0)
    assert changed.nonzero().flatten().tolist() == [7]


@torch.no_grad()
def test_factors_of_full_rank_are_any_random_scores(places) -> None:
    random, x = made(places, kind="random")
    module, _ = made(places, kind="factorised", rank=40)
    state = {name: value for name, value in random.state_dict().items() if name != "scores"}
    module.load_state_dict(state | {"rows": random.scores, "columns": torch.eye(40).expand(4, -1, -1)})
    torch.testing.assert_close(module(x, Context()), random(x, Context()), **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("kind", KINDS)
def test_decoding_keeps_values_alone_and_agrees(places, kind) -> None:
    module, x = made(places, replace(SITE, causal=True), kind=kind)
    state, seen, outputs = module.start(2, 40, x[:, 0], Context(causal=True)), 0, []
    for piece in x.split([5, 1, 1, 33], 1):
        y, state = module.extend(piece, state, Context(causal=True, offset=seen))
        outputs.append(y)
        seen += piece.shape[1]
    assert state.v.shape == (2, 4, 40, 4)
    torch.testing.assert_close(torch.cat(outputs, 1), module(x, Context(causal=True)), **CLOSE)


def test_more_tokens_than_scores_are_refused(places) -> None:
    module, x = made(places, length=41)
    with pytest.raises(ValueError, match="was built for 40 tokens, and is given 41"):
        module(x, Context())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"heads": 3}, "3 heads, and they do not divide the width 16; heads that do: 1, 2, 4"),
        ({"kind": "factorised", "rank": 21}, "rank is at most 20, or kind random"),
    ],
)
def test_what_cannot_stand_is_refused(fields, said) -> None:
    assert any(said in sentence for sentence in SynthesizerConfig(**fields).problems(SITE))


def test_a_rank_is_not_spelled_where_nothing_is_factorised() -> None:
    assert SynthesizerConfig(kind="dense", rank=7).canonical() == SynthesizerConfig(kind="dense")
    assert SynthesizerConfig(rank=7).canonical().rank == 7


@pytest.mark.parametrize("kind", KINDS)
def test_heads_of_their_own_width_are_as_many_channels_whatever_the_width(places, kind) -> None:
    module, x = made(places, kind=kind, heads=3, head_width=8)
    config = SynthesizerConfig(kind=kind, rank=5, heads=3, head_width=8)
    assert module(x, Context()).shape == x.shape
    assert module.value.out_features == module.out.in_features == 24
    assert config.parameters(SITE) == sum(parameter.numel() for parameter in module.parameters())
    assert config.state_bytes(SITE, 10) == 4 * 10 * 24 and not list(config.problems(SITE))
