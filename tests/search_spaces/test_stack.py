"""Stacks as modules."""

from dataclasses import replace

import pytest
import torch

from paretoformer.search_spaces.contract import Context
from paretoformer.search_spaces.stack import StackModule


def stack_of(places, **configs):
    parts = {"topology": places.default("topology", "decoder"), "stem": places.default("stem", "tokens")}
    stack = places.assembled(**{**parts, **configs}).stacks[0]
    site = replace(places.sites["causal"], position=stack.position)
    return places.built(Buildable(stack), site).double().eval()


class Buildable:
    """A stack with the `build` of a config."""

    def __init__(self, stack) -> None:
        self.stack = stack

    def build(self, site):
        return StackModule(self.stack, site)


@pytest.mark.parametrize("placement", ["pre", "post"])
def test_a_block_is_its_residual_branches_in_order(places, placement) -> None:
    module, x = stack_of(places, placement=placement), places.normal(2, 9, 16)
    with torch.no_grad():
        y = module(x)
        expected, context = x, Context(causal=True)
        for branch in module.branches:
            if placement == "pre":
                expected = expected + branch.body(branch.norm(expected, context), context)
            else:
                expected = branch.norm(expected + branch.body(expected, context), context)
        if placement == "pre":
            expected = module.final_norm(expected, context)
    assert torch.equal(y, expected)


def test_a_position_is_added_once_before_the_first_block(places) -> None:
    with_position = stack_of(places, position=places.default("position", "sinusoidal"))
    without = stack_of(places)
    x = places.normal(2, 9, 16)
    with torch.no_grad():
        placed = with_position.position(x, torch.arange(9))
        torch.testing.assert_close(with_position(x), without(placed))


def test_norms_of_branches_are_modules_of_their_own(places) -> None:
    module = stack_of(places, depth=2)
    assert len({id(branch.norm.norm.weight) for branch in module.branches} | {id(module.final_norm.norm.weight)}) == 5


def test_a_state_counts_the_tokens_seen(places) -> None:
    module, x = stack_of(places), places.normal(2, 9, 16)
    with torch.no_grad():
        state = module.start(2, 9, x[:1, 0])
        for piece, seen in zip(x.split([4, 1, 4], 1), (4, 5, 9), strict=True):
            _, state = module.extend(piece, state)
            assert state.length == seen


def test_a_state_has_a_part_for_every_branch(places) -> None:
    module = stack_of(places, depth=3)
    assert len(module.start(1, 4, torch.zeros(1, 16)).branches) == len(module.branches) == 6


def test_a_state_takes_the_type_of_what_it_is_like(places) -> None:
    state = stack_of(places).start(1, 4, torch.zeros(1, 16, dtype=torch.bfloat16))
    assert state.branches[0].k.dtype == torch.bfloat16
