"""Positions inside attentions: parts shared by layers, and parts that act on weights."""

from dataclasses import dataclass, replace

import pytest
import torch
from torch import nn

from paretoformer.search_spaces.architecture import Branch, Stack
from paretoformer.search_spaces.contract import Context, MixerPosition, PositionConfig, Site
from paretoformer.search_spaces.registry import Choice
from paretoformer.search_spaces.stack import StackModule
from paretoformer.search_spaces.stack_counts import stack_parameters

SITE = Site(width=16, length=20, causal=True)


class Named:
    """Has a choice by inheritance, so that it is not among those that are registered."""


@dataclass(frozen=True, kw_only=True)
class GateConfig(Named, PositionConfig):
    """A factor on the weights and a vector added to the values, for each distance."""

    whole_stack: bool = True

    @property
    def shared(self) -> bool:
        return self.whole_stack

    def build_in_mixer(self, site, heads, head_width):
        return Gate(heads, head_width, site.length)

    def mixer_parameters(self, heads, head_width):
        return heads * SITE.length + SITE.length * head_width


Named.choice = Choice(kind="position", name="gate", config=GateConfig)


class Gate(MixerPosition):
    acts_on_weights = True

    def __init__(self, heads, head_width, length) -> None:
        super().__init__()
        self.gates = nn.Parameter(torch.ones(heads, length))
        self.table = nn.Parameter(torch.zeros(length, head_width))

    def factor(self, queries, keys):
        return self.gates[:, (queries[:, None] - keys).abs()]

    def values(self, weights, queries, keys):
        return torch.einsum("bhts,tsd->bhtd", weights, self.table[(queries[:, None] - keys).abs()])


@pytest.fixture
def stack_of(places):
    def make(position: PositionConfig, heads=(4, 4)) -> Stack:
        norm, feed = places.default("norm", "layer"), places.default("feedforward", "gelu")
        blocks = tuple(
            (
                Branch(role="mixer", body=replace(places.default("mixer", "softmax"), heads=count), norm=norm),
                Branch(role="feedforward", body=feed, norm=norm),
            )
            for count in heads
        )
        return Stack(name="s", width=16, position=position, blocks=blocks)

    return make


def gates(module) -> list[nn.Module]:
    return [branch.body.position for branch in module.branches if hasattr(branch.body, "position")]


@pytest.mark.parametrize(
    ("shared", "heads", "parts"), [(True, (4, 4, 4), 1), (False, (4, 4, 4), 3), (True, (4, 2, 4), 2)]
)
def test_a_shared_part_is_one_for_all_layers_with_the_same_heads(stack_of, shared, heads, parts) -> None:
    stack = stack_of(GateConfig(whole_stack=shared), heads)
    site = replace(SITE, position=stack.position)
    module = StackModule(stack, site)
    assert len({id(gate) for gate in gates(module)}) == parts
    assert stack_parameters(stack, site) == sum(parameter.numel() for parameter in module.parameters())


def test_a_part_that_changes_nothing_leaves_softmax_as_it_is(places, stack_of) -> None:
    x = places.normal(2, 9, 16)
    outputs = []
    for position in (GateConfig(), places.default("position", "none")):
        stack = stack_of(position)
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(0)
            outputs.append(StackModule(stack, replace(SITE, position=position)).double().eval()(x))
    torch.testing.assert_close(*outputs, rtol=0, atol=1e-12)


def test_what_acts_on_weights_agrees_whole_and_extended(places, stack_of) -> None:
    stack = stack_of(GateConfig())
    module = StackModule(stack, replace(SITE, position=stack.position)).double().eval()
    x = places.normal(2, 9, 16)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.3 * torch.randn(
                parameter.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64
            )
        whole, state, outputs = module(x), module.start(2, 9, x[:1, 0]), []
        for piece in x.split([4, 1, 4], 1):
            y, state = module.extend(piece, state)
            outputs.append(y)
    torch.testing.assert_close(torch.cat(outputs, 1), whole, rtol=1e-10, atol=1e-10)


def test_the_factor_multiplies_normalised_weights(places, stack_of) -> None:
    stack = stack_of(GateConfig(), heads=(4,))
    module = StackModule(stack, replace(SITE, position=stack.position)).double().eval()
    attention, x = module.branches[0].body, places.normal(1, 9, 16)
    with torch.no_grad():
        attention.position.gates.zero_()
        attention.position.gates[:, 0] = 1.0  # only a token's own weight is kept
        q, k, v = attention.project(x)
        scores = (q @ k.mT / 2.0).masked_fill(~torch.ones(9, 9).tril().bool(), -torch.inf)
        own = scores.softmax(-1).diagonal(dim1=-2, dim2=-1)[..., None] * v
        torch.testing.assert_close(attention(x, Context(causal=True)), attention.merge(own), rtol=0, atol=1e-12)
