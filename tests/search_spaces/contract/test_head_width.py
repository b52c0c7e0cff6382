"""Heads whose width is given rather than shared out."""

from dataclasses import replace

import pytest
import torch

from paretoformer.search_spaces import registry
from paretoformer.search_spaces.contract import AttentionConfig, Context, Site
from paretoformer.search_spaces.registry import config_from_json

SITE = Site(width=24, length=40, position=config_from_json("position", "none"))
ATTENTIONS = [each for each in registry.choices("mixer") if issubclass(each.config, AttentionConfig)]


def fitted(choice: registry.Choice, places, **fields) -> tuple[AttentionConfig, Site]:
    for site in (SITE, replace(SITE, causal=True)):
        config = places.fitting(choice.config(heads=4), site)
        if config is not None:
            return replace(config, heads=4, kv_heads=None, **fields), site
    raise AssertionError(choice)


@pytest.mark.parametrize("choice", ATTENTIONS, ids=str)
def test_heads_as_wide_as_their_share_are_those_of_no_given_width(choice: registry.Choice, places) -> None:
    config, site = fitted(choice, places)
    given = replace(config, head_width=6)
    x = places.normal(2, 40, 24)
    one, other = (places.built(each, site).double().eval() for each in (config, given))
    context = Context(causal=site.causal)
    assert torch.equal(one(x, context), other(x, context))
    assert config.macs(site, 40) == given.macs(site, 40) and config.parameters(site) == given.parameters(site)


@pytest.mark.parametrize("choice", ATTENTIONS, ids=str)
def test_heads_of_a_given_width_need_not_divide_the_width_of_the_stack(choice: registry.Choice, places) -> None:
    config, site = fitted(choice, places)
    wide = replace(config, heads=5, head_width=8)
    assert not list(wide.problems(site)) and list(replace(wide, head_width=None).problems(site))
    assert places.built(wide, site).double().eval()(places.normal(2, 40, 24), Context(causal=site.causal)).shape == (
        2,
        40,
        24,
    )


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_projections_of_as_many_heads_in_all_have_as_many_parameters_in_any_number_of_layers(layers: int) -> None:
    """Paper 30: 4 D d T without biases, whatever the depth."""
    config = config_from_json("mixer", {"name": "softmax", "heads": 8 // layers, "head_width": 16, "bias": False})
    assert layers * config.parameters(SITE) == 4 * 24 * 16 * 8


def test_kv_heads_that_do_not_divide_the_heads_are_told_those_that_do() -> None:
    reasons = list(registry.choice("mixer", "softmax").config(heads=4, kv_heads=3).problems(Site(width=16, length=8)))
    assert reasons == ["3 kv_heads do not divide 4 heads; kv_heads that do: 1, 2, 4"]


def test_ecoformer_says_which_heads_divide_too() -> None:
    reasons = list(registry.choice("mixer", "ecoformer").config(heads=3).problems(Site(width=16, length=70)))
    assert any(reason.endswith("this stack has 16; heads that do: 1, 2, 4") for reason in reasons)
