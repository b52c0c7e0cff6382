"""The StarReLU feed-forward beside its formula."""

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.registry import choice

SITE = Site(width=6, length=8)


@pytest.mark.parametrize("bias", [False, True])
def test_it_is_its_formula(places, bias) -> None:
    config, x = choice("feedforward", "starrelu").config(bias=bias), places.normal(2, 8, 6)
    module = places.built(config, SITE).double()
    hidden = x @ module.up.weight.T + (module.up.bias if bias else 0)
    hidden = module.activation.scale * hidden.clamp_min(0) ** 2 + module.activation.shift
    expected = hidden @ module.down.weight.T + (module.down.bias if bias else 0)
    torch.testing.assert_close(module(x, Context()), expected, rtol=0, atol=1e-10)


def test_started_as_the_code_does_it_is_the_squared_relu_feedforward(places) -> None:
    star = choice("feedforward", "starrelu").config(start="code").build(SITE).double()
    plain = choice("feedforward", "relu2").config().build(SITE).double()
    plain.up.load_state_dict(star.up.state_dict())
    plain.down.load_state_dict(star.down.state_dict())
    x = places.normal(2, 8, 6)
    torch.testing.assert_close(star(x, Context()), plain(x, Context()), rtol=0, atol=1e-12)
