"""Layers over tokens beside torch's on the transposed input."""

import pytest
import torch
from torch import nn
from torch.nn.functional import gelu

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.registry import choice

SITE = Site(width=4, length=9)


def mixer(places, **fields):
    return places.built(choice("mixer", "token-mlp").config(**fields), SITE).double()


@pytest.mark.parametrize("bias", [False, True])
def test_it_is_one_linear_layer_over_the_tokens(places, bias) -> None:
    module, x, reference = mixer(places, bias=bias), places.normal(2, 9, 4), nn.Linear(9, 9, bias=bias).double()
    reference.load_state_dict(module.down.state_dict())
    torch.testing.assert_close(module(x, Context()), reference(x.mT).mT, rtol=0, atol=1e-10)


def test_with_a_hidden_width_it_is_the_token_mixing_of_mlp_mixer(places) -> None:
    module, x = mixer(places, hidden=5, bias=True), places.normal(2, 9, 4)
    expected = module.down(gelu(module.up(x.mT))).mT
    torch.testing.assert_close(module(x, Context()), expected, rtol=0, atol=1e-10)


def test_channels_do_not_see_each_other(places) -> None:
    module, x = mixer(places, hidden=5), places.normal(1, 9, 4)
    other = x.clone()
    other[..., 1] += 1
    changed = (module(x, Context()) != module(other, Context())).any(1)[0]
    assert changed.tolist() == [False, True, False, False]


def test_an_identity_matrix_changes_nothing(places) -> None:
    module, x = mixer(places), places.normal(2, 5, 4)
    with torch.no_grad():
        module.down.weight.copy_(torch.eye(9))
    torch.testing.assert_close(module(x, Context()), x, rtol=0, atol=1e-12)


def test_too_many_tokens_are_refused(places) -> None:
    with pytest.raises(ValueError, match="mixer token-mlp was built for 9 tokens, and is given 10"):
        mixer(places)(places.normal(1, 10, 4), Context())
