"""The Toeplitz gate of URPE: what the paper proves of it."""

from dataclasses import replace

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.positions.toeplitz import ToeplitzConfig

LENGTH = 12
RELATIVE = torch.arange(LENGTH) - torch.arange(LENGTH)[:, None]


def urpe(places, *, causal: bool = False, **fields):
    """Softmax attention with a gate moved off 1, and what its heads see of x."""
    site = Site(width=16, length=LENGTH, causal=causal, position=ToeplitzConfig(farthest=LENGTH, **fields))
    mixer, x = places.built(places.default("mixer", "softmax"), site).double().eval(), places.normal(2, LENGTH, 16)
    return mixer, x


def weights_of(mixer, x, causal: bool):
    """softmax(q k^T / sqrt(d) + b) and the values."""
    q, k, v = mixer.project(x)
    scores = q @ k.mT / 2.0 + mixer.position.scores[0][:, RELATIVE + LENGTH - 1]
    if causal:
        scores = scores.masked_fill(RELATIVE > 0, -torch.inf)
    return scores.softmax(-1), v


@pytest.mark.parametrize("causal", [True, False])
def test_softmax_with_it_gates_weights_that_are_not_normalised_again(places, causal) -> None:
    mixer, x = urpe(places, causal=causal)
    with torch.no_grad():
        weights, v = weights_of(mixer, x, causal)
        expected = mixer.merge(weights * mixer.position.gates[0][:, RELATIVE + LENGTH - 1] @ v)
        torch.testing.assert_close(mixer(x, Context(causal=causal)), expected, rtol=0, atol=1e-10)


def test_a_gate_of_ones_leaves_attention_with_relative_biases(places) -> None:
    mixer, x = urpe(places)
    with torch.no_grad():
        mixer.position.gates.fill_(1.0)
        weights, v = weights_of(mixer, x, False)
        torch.testing.assert_close(mixer(x, Context()), mixer.merge(weights @ v), rtol=0, atol=1e-12)


def test_a_gate_that_keeps_distance_zero_gives_each_token_its_own_value(places) -> None:
    mixer, x = urpe(places)
    with torch.no_grad():
        mixer.position.gates.zero_()
        mixer.position.gates[..., LENGTH - 1] = 1.0
        weights, v = weights_of(mixer, x, False)
        expected = mixer.merge(weights.diagonal(dim1=-2, dim2=-1)[..., None] * v)
        torch.testing.assert_close(mixer(x, Context()), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("position", ["none", "alibi", "t5", "rotary", "shaw", "toeplitz"])
def test_equal_tokens_become_different_ones_just_where_weights_or_values_know_their_place(places, position) -> None:
    chosen = places.default("position", position)
    site = replace(places.sites["bidirectional"], position=chosen)
    mixer = places.built(places.default("mixer", "softmax"), site).double().eval()
    with torch.no_grad():
        y = mixer(places.normal(1, 1, 16).expand(1, 20, 16), Context())
    spread = (y - y[:, :1]).abs().max()
    assert spread > 1e-3 if position in ("shaw", "toeplitz") else spread < 1e-6


def test_the_gradient_of_a_gate_sums_over_its_diagonal(places) -> None:
    mixer, x = urpe(places)
    weights, v = weights_of(mixer, x, False)
    heads, kept = (
        weights * mixer.position.gates[0][:, RELATIVE + LENGTH - 1] @ v,
        places.normal(2, 4, LENGTH, 4, seed=7),
    )
    (gradient,) = torch.autograd.grad((heads * kept).sum(), mixer.position.gates)
    products = (weights * (kept @ v.mT)).sum(0)
    expected = torch.stack([products.diagonal(k, -2, -1).sum(-1) for k in range(1 - LENGTH, LENGTH)], -1)
    torch.testing.assert_close(gradient[0], expected, rtol=0, atol=1e-10)


def test_uniform_attention_gated_to_the_past_counts_positions(places) -> None:
    part = urpe(places)[0].position
    with torch.no_grad():
        part.gates.zero_()
        part.gates[..., :LENGTH] = 1.0
        positions = torch.arange(LENGTH)
        weights = torch.full((LENGTH, LENGTH), 1 / LENGTH, dtype=torch.float64) * part.factor(positions, positions)
    expected = torch.arange(1, LENGTH + 1, dtype=torch.float64) / LENGTH
    torch.testing.assert_close(weights.sum(-1), expected.expand(4, -1), rtol=0, atol=1e-12)


def test_distances_beyond_the_farthest_share_the_last_entries(places) -> None:
    part = ToeplitzConfig(farthest=3).build_in_mixer(places.sites["bidirectional"], 2, 4)
    with torch.no_grad():
        part.gates.copy_(torch.arange(5.0).expand(1, 2, 5))
        row = part.factor(torch.tensor([4]), torch.arange(9))[0, 0]
    assert row.tolist() == [0, 0, 0, 1, 2, 3, 4, 4, 4]


def test_a_unique_table_of_128_tokens_has_255_entries_a_head_and_buckets_as_many_as_there_are() -> None:
    assert ToeplitzConfig().mixer_parameters(12, 64) == 2 * 12 * 255
    assert ToeplitzConfig(buckets=64).mixer_parameters(12, 64) == 2 * 12 * 64


def test_on_a_grid_gates_of_row_and_column_are_multiplied_and_biases_added(places) -> None:
    part = places.built(Holder(ToeplitzConfig(grid=True)), places.sites["grid"]).double()
    positions = torch.arange(48)
    rows, columns = positions // 8, positions % 8
    down, right = rows - rows[:, None] + 127, columns - columns[:, None] + 127
    with torch.no_grad():
        (down_b, right_b), (down_c, right_c) = part.scores, part.gates
        torch.testing.assert_close(part.factor(positions, positions), down_c[:, down] * right_c[:, right])
        bias = part.bias(torch.ones(1, 4, 48, 4), positions, positions)
        torch.testing.assert_close(bias, down_b[:, down] + right_b[:, right])


class Holder:
    """A position's part inside a mixer of 4 heads, built as other choices are."""

    def __init__(self, config) -> None:
        self.config = config

    def build(self, site):
        return self.config.build_in_mixer(site, 4, 4)
