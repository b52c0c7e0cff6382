"""T5's relative biases."""

from dataclasses import replace

import pytest
import torch

from paretoformer.search_spaces.architecture import Branch, Stack
from paretoformer.search_spaces.contract import Context, MemorySite, Site
from paretoformer.search_spaces.parts.distances import bucket_starts, bucketed
from paretoformer.search_spaces.positions.t5 import T5Config
from paretoformer.search_spaces.stack import StackModule
from paretoformer.search_spaces.stack_counts import stack_parameters


def stack_of(places, position, layers: int) -> Stack:
    norm = places.default("norm", "layer")
    bodies = (("mixer", places.default("mixer", "softmax")), ("feedforward", places.default("feedforward", "gelu")))
    block = tuple(Branch(role=role, body=body, norm=norm) for role, body in bodies)
    return Stack(name="s", width=16, position=position, blocks=(block,) * layers)


@pytest.mark.parametrize("causal", [True, False])
def test_softmax_with_it_is_attention_with_a_bias_by_bucket(places, causal) -> None:
    site = Site(width=16, length=150, causal=causal, position=T5Config())
    mixer, x = places.built(places.default("mixer", "softmax"), site).double().eval(), places.normal(2, 150, 16)
    relative = torch.arange(150) - torch.arange(150)[:, None]
    starts = torch.tensor(bucket_starts(32 if causal else 16, 128))
    with torch.no_grad():
        q, k, v = mixer.project(x)
        scores = q @ k.mT / 2.0 + mixer.position.table[0][:, bucketed(relative, starts, one_sided=causal)]
        if causal:
            scores = scores.masked_fill(relative > 0, -torch.inf)
        expected = mixer.merge(scores.softmax(-1) @ v)
        torch.testing.assert_close(mixer(x, Context(causal=causal)), expected, rtol=0, atol=1e-10)


def test_a_causal_stack_of_the_paper_on_length_generalisation_has_384_numbers() -> None:
    assert T5Config().mixer_parameters(12, 64) == 384


@pytest.mark.parametrize("per_layer", [True, False])
def test_layers_share_their_table_unless_each_has_its_own(places, per_layer) -> None:
    position = T5Config(per_layer=per_layer)
    stack, site = stack_of(places, position, 3), replace(places.sites["causal"], position=position)
    module = StackModule(stack, site)
    tables = {id(branch.body.position.table) for branch in module.branches if hasattr(branch.body, "position")}
    assert len(tables) == (3 if per_layer else 1)
    assert stack_parameters(stack, site) == sum(parameter.numel() for parameter in module.parameters())


def test_distances_from_the_farthest_on_are_not_told_apart(places) -> None:
    part = T5Config().build_in_mixer(places.sites["causal"], 4, 4)
    q = torch.ones(1, 4, 1, 4)
    bias = part.bias(q, torch.tensor([10**6]), torch.tensor([0, 10**6 - 128, 10**6 - 100]))
    assert torch.equal(bias[..., 0], bias[..., 1]) and not torch.equal(bias[..., 1], bias[..., 2])


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (T5Config(buckets=31), "halves its buckets in a bidirectional stack, and there are 31"),
        (T5Config(farthest=8), "tells 8 distances apart before buckets widen, and farthest is 8"),
    ],
)
def test_buckets_that_cannot_be_made_are_refused(places, config, sentence) -> None:
    assert any(sentence in found for found in config.problems(places.sites["bidirectional"]))


def test_a_cross_branch_that_reads_places_is_refused(places) -> None:
    site = replace(places.sites["bidirectional"], memory=MemorySite(width=16, length=9, placed=True))
    assert any("between tokens of one sequence" in found for found in T5Config().problems(site))
