"""Batch norm as a choice: what trains and what is kept."""

import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.registry import choice

SITE = Site(width=6, length=8)


def norm():
    return choice("norm", "batch").config().build(SITE).double()


def test_in_training_samples_see_each_other(places) -> None:
    x = places.normal(2, 8, 6)
    assert not torch.allclose(norm()(x, Context())[:1], norm()(x[:1], Context()))


def test_long_training_on_one_distribution_makes_evaluation_agree_with_it(places) -> None:
    module = norm()
    for seed in range(200):
        y = module(3 * places.normal(64, 8, 6, seed=seed) + 2, Context())
    again = module.eval()(3 * places.normal(64, 8, 6, seed=199) + 2, Context())
    assert (again - y).abs().mean() < 0.05


def test_narrow_tokens_are_normalised_in_fp32(places) -> None:
    module, x = norm().float(), (places.normal(4, 8, 6) + 20).bfloat16()
    y = module(x, Context())
    assert y.dtype is torch.bfloat16
    assert torch.equal(y, module(x.float(), Context()).bfloat16())
