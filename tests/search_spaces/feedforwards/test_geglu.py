"""The feed-forward gated by GELU beside its formula."""

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.registry import choice

SITE = Site(width=6, length=8)


@pytest.mark.parametrize("bias", [False, True])
def test_it_is_its_formula(places, bias) -> None:
    config, x = choice("feedforward", "geglu").config(bias=bias), places.normal(2, 8, 6)
    module = places.built(config, SITE).double()
    both = x @ module.up.weight.T + (module.up.bias if bias else 0)
    gate, up = both[..., : config.hidden(SITE)], both[..., config.hidden(SITE) :]
    gated = gate * (1 + torch.erf(gate / 2**0.5)) / 2
    expected = (gated * up) @ module.down.weight.T + (module.down.bias if bias else 0)
    torch.testing.assert_close(module(x, Context()), expected, rtol=0, atol=1e-10)


def test_a_ratio_costs_about_what_it_costs_ungated() -> None:
    site = Site(width=192, length=8)
    gated, plain = (choice("feedforward", name).config().macs(site, 8) for name in ("geglu", "gelu"))
    assert gated == pytest.approx(plain, rel=0.01)
