"""The squared ReLU feed-forward beside its formula."""

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.registry import choice

SITE = Site(width=6, length=8)


@pytest.mark.parametrize("bias", [False, True])
def test_it_is_its_formula(places, bias) -> None:
    module, x = places.built(choice("feedforward", "relu2").config(bias=bias), SITE).double(), places.normal(2, 8, 6)
    hidden = x @ module.up.weight.T + (module.up.bias if bias else 0)
    expected = hidden.clamp_min(0) ** 2 @ module.down.weight.T + (module.down.bias if bias else 0)
    torch.testing.assert_close(module(x, Context()), expected, rtol=0, atol=1e-10)


def test_without_biases_twice_the_input_gives_four_times_the_output(places) -> None:
    module, x = choice("feedforward", "relu2").config().build(SITE).double(), places.normal(2, 8, 6)
    torch.testing.assert_close(module(2 * x, Context()), 4 * module(x, Context()), rtol=0, atol=1e-12)


def test_of_power_1_it_is_the_formula_of_a_plain_relu(places) -> None:
    module, x = choice("feedforward", "relu2").config(power=1).build(SITE).double(), places.normal(2, 8, 6)
    hidden = (x @ module.up.weight.T).clamp_min(0)
    torch.testing.assert_close(module(x, Context()), hidden @ module.down.weight.T, rtol=0, atol=1e-12)
