"""Relative keys and values."""

from dataclasses import replace

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.positions.shaw import ShawConfig

LENGTH = 20


@pytest.mark.parametrize("values", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_softmax_with_it_is_the_formula_of_the_paper(places, causal, values) -> None:
    site = Site(width=16, length=LENGTH, causal=causal, position=ShawConfig(clip=5, values=values))
    mixer, x = places.built(places.default("mixer", "softmax"), site).double().eval(), places.normal(2, LENGTH, 16)
    relative = (torch.arange(LENGTH) - torch.arange(LENGTH)[:, None]).clamp(-5, 5) + 5
    with torch.no_grad():
        q, k, v = mixer.project(x)
        keys = k[:, :, None] + mixer.position.keys[0][relative]  # (B, H, T, S, d)
        scores = (q[:, :, :, None] * keys).sum(-1) / 2.0
        if causal:
            scores = scores.masked_fill(torch.ones(LENGTH, LENGTH).triu(1).bool(), -torch.inf)
        seen = v[:, :, None] + (mixer.position.weighted[0][relative] if values else 0)
        expected = mixer.merge((scores.softmax(-1)[..., None] * seen).sum(3))
        torch.testing.assert_close(mixer(x, Context(causal=causal)), expected, rtol=0, atol=1e-10)


def test_on_a_grid_vectors_of_row_and_column_are_added(places) -> None:
    site = replace(places.sites["grid"], position=ShawConfig(clip=3, grid=True))
    mixer, x = places.built(places.default("mixer", "softmax"), site).double().eval(), places.normal(1, 48, 16)
    rows, columns = torch.arange(48) // 8, torch.arange(48) % 8
    down, right = ((axis - axis[:, None]).clamp(-3, 3) + 3 for axis in (rows, columns))
    with torch.no_grad():
        q, k, v = mixer.project(x)
        part = mixer.position
        keys = k[:, :, None] + part.keys[0][down] + part.keys[1][right]
        scores = (q[:, :, :, None] * keys).sum(-1) / 2.0
        seen = v[:, :, None] + part.weighted[0][down] + part.weighted[1][right]
        expected = mixer.merge((scores.softmax(-1)[..., None] * seen).sum(3))
        torch.testing.assert_close(mixer(x, Context(grid=site.grid)), expected, rtol=0, atol=1e-10)


def test_distances_beyond_the_clip_share_a_vector(places) -> None:
    part = ShawConfig(clip=2).build_in_mixer(places.sites["bidirectional"], 4, 4)
    bias = part.bias(torch.ones(1, 4, 1, 4), torch.tensor([5]), torch.arange(11))[0, 0, 0]
    assert bias[:4].unique().numel() == bias[7:].unique().numel() == 1
    assert bias.unique().numel() == 5


def test_sums_of_weights_are_kept_in_single_precision(places) -> None:
    part = ShawConfig(clip=1).build_in_mixer(places.sites["bidirectional"], 1, 4)
    weights = torch.full((1, 1, 1, 3_000), 2.0**-12)
    positions = torch.arange(3_000)
    exact = part.values(weights, positions[:1], positions)
    rounded = part.bfloat16().values(weights.bfloat16(), positions[:1], positions)
    torch.testing.assert_close(rounded.float(), exact, rtol=0.02, atol=0.02)
