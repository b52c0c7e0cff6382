"""Linformer: special cases, and what its matrices share."""

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.mixers.linformer import LinformerConfig
from paretoformer.search_spaces.registry import config_from_json

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
SITE = Site(width=16, length=70)
SHARING = ["none", "headwise", "key-value"]


def made(places, **fields):
    """(module in float64, tokens (2, 70, 16))."""
    config = LinformerConfig(**{"heads": 4, "rank": 8, **fields})
    return places.built(config, SITE).double().eval(), places.normal(2, 70, 16)


@torch.no_grad()
@pytest.mark.parametrize("sharing", SHARING)
def test_with_as_many_mixtures_as_tokens_and_the_identity_it_is_softmax_attention(places, sharing) -> None:
    module, x = made(places, rank=70, sharing=sharing)
    module.mix.copy_(torch.eye(70).expand_as(module.mix))
    softmax = config_from_json("mixer", {"name": "softmax", "heads": 4}).build(SITE).double()
    softmax.load_state_dict({name: value for name, value in module.state_dict().items() if name != "mix"})
    torch.testing.assert_close(module(x, Context()), softmax(x, Context()), **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("length", [70, 20])
@pytest.mark.parametrize("sharing", SHARING)
def test_each_head_attends_to_its_mixtures(places, sharing, length) -> None:
    module, x = made(places, sharing=sharing)
    q, k, v = module.project(x[:, :length])
    heads = []
    for head in range(4):
        e, f = (module.mix[kind, head if sharing == "none" else 0, :, :length] for kind in (0, -1))
        scores = q[:, head] @ (e @ k[:, head]).mT / 4**0.5
        heads.append(scores.softmax(-1) @ (f @ v[:, head]))
    torch.testing.assert_close(module(x[:, :length], Context()), module.merge(torch.stack(heads, 1)), **CLOSE)


@pytest.mark.parametrize(
    ("sharing", "kv_heads", "matrices"), [("none", None, 8), ("none", 2, 4), ("headwise", None, 2), ("key-value", 2, 1)]
)
def test_sharing_says_how_many_matrices_there_are(sharing, kv_heads, matrices) -> None:
    module = LinformerConfig(heads=4, kv_heads=kv_heads, rank=8, sharing=sharing).build(SITE)
    assert module.mix.numel() == matrices * 8 * 70


def test_macs_grow_linearly_with_length() -> None:
    config = LinformerConfig(heads=4, rank=8)
    assert config.macs(SITE, 60) == 2 * config.macs(SITE, 30)


def test_more_mixtures_than_tokens_are_refused() -> None:
    assert any("rank 71, above its keys" in sentence for sentence in LinformerConfig(rank=71).problems(SITE))
    assert not list(LinformerConfig(rank=70).problems(SITE))


def test_more_tokens_than_it_was_built_for_are_refused_in_a_sentence() -> None:
    mixer = LinformerConfig(rank=4).build(SITE)
    with pytest.raises(ValueError, match=f"was built for {SITE.length} tokens, and is given {SITE.length + 1}"):
        mixer(torch.zeros(1, SITE.length + 1, SITE.width), Context())
