"""Blocks without a feed-forward."""

import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.registry import choice


def test_it_gives_what_it_is_given_and_costs_nothing(places) -> None:
    site, config, x = Site(width=6, length=8), choice("feedforward", "none").config(), places.normal(2, 8, 6)
    assert torch.equal(config.build(site)(x, Context()), x)
    assert (config.parameters(site), config.macs(site, 8)) == (0, 0)
