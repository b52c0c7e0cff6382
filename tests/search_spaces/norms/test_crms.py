"""CRMS norm beside the root-mean-square norm of the whole zero-mean token."""

import pytest
import torch
from torch.nn.functional import rms_norm

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.registry import choice


@pytest.mark.parametrize("eps", [1e-5, 0.1])
@pytest.mark.parametrize("width", [1, 2, 15])
def test_it_is_the_norm_of_the_whole_token_without_its_last_entry(places, width, eps) -> None:
    module = choice("norm", "crms").config(eps=eps).build(Site(width=width, length=8))
    x = places.normal(2, 8, width)
    whole = torch.cat((x, -x.sum(-1, keepdim=True)), -1)
    expected = rms_norm(whole, (width + 1,), eps=eps)[..., :-1]
    torch.testing.assert_close(module(x, Context()), expected, rtol=0, atol=1e-10)


def test_the_whole_token_is_layer_normed_by_it(places) -> None:
    module, tokens = choice("norm", "crms").config().build(Site(width=15, length=8)), places.normal(2, 8, 16)
    centred = tokens - tokens.mean(-1, keepdim=True)
    expected = torch.nn.functional.layer_norm(tokens, (16,), eps=1e-5)[..., :-1]
    torch.testing.assert_close(module(centred[..., :-1], Context()), expected, rtol=0, atol=1e-10)


def test_it_has_nothing_to_train() -> None:
    site = Site(width=15, length=8)
    assert (
        choice("norm", "crms").config().parameters(site)
        == len(list(choice("norm", "crms").config().build(site).parameters()))
        == 0
    )
