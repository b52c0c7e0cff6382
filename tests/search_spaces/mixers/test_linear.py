"""Linear attention: long sequences in half precision."""

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.mixers.linear import LinearConfig

LENGTH, WIDTH = 2_048, 64
"""Sums of so many products of features above 1 pass 65,504, the largest number of fp16."""


@torch.no_grad()
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("position", ["none", "rotary"])
def test_half_precision_of_a_long_sequence_is_single_precision_rounded(places, causal, position) -> None:
    site = Site(width=WIDTH, length=LENGTH, causal=causal, position=places.default("position", position))
    module = places.built(LinearConfig(heads=1), site).eval()
    x, context = places.normal(1, LENGTH, WIDTH).float(), Context(causal=causal)
    exact = module.float()(x, context)
    found = module.half()(x.half(), context)
    assert found.dtype == torch.float16
    assert (found.float() - exact).norm() < 1e-2 * exact.norm()
