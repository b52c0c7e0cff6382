"""Attentions by sums of features, in half precision over long sequences."""

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site

LENGTH, WIDTH = 2_048, 64
"""Sums of so many products of features above 1 pass 65,504, the largest number of fp16."""


@torch.no_grad()
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    ("mixer", "position"),
    [(mixer, "none") for mixer in ("linear", "cosformer", "performer", "sla", "ecoformer")] + [("linear", "rotary")],
)
def test_half_precision_of_a_long_sequence_is_single_precision_rounded(places, mixer, position, causal) -> None:
    site = Site(width=WIDTH, length=LENGTH, causal=causal, position=places.default("position", position))
    module = places.built(places.default("mixer", mixer), site).eval()
    x, context = places.normal(1, LENGTH, WIDTH).float(), Context(causal=causal)
    module(x, context)  # the first call may learn hash functions
    exact = module.float()(x, context)
    found = module.half()(x.half(), context)
    assert found.dtype == torch.float16
    assert (found.float() - exact).norm() < 1e-2 * exact.norm()
