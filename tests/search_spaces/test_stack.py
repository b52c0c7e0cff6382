"""Stacks as modules."""

from dataclasses import replace

import pytest
import torch

from paretoformer.search_spaces.contract import Context
from paretoformer.search_spaces.stack import StackModule
from paretoformer.search_spaces.stack_counts import stack_parameters


def assembled(places, **configs):
    parts = {"topology": places.default("topology", "decoder"), "stem": places.default("stem", "tokens")}
    return places.assembled(**{**parts, **configs}).stacks[0]


def stack_of(places, **configs):
    return module_of(places, assembled(places, **configs))


def module_of(places, stack):
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


@pytest.mark.parametrize("position", ["none", "sinusoidal"])
def test_an_opening_norm_stands_after_the_position(places, position) -> None:
    stack = replace(assembled(places, position=places.default("position", position)), opening=True)
    opened, closed = module_of(places, stack), module_of(places, replace(stack, opening=False))
    closed.load_state_dict({k: v for k, v in opened.state_dict().items() if not k.startswith("opening_norm")})
    x, context = places.normal(2, 9, 16), Context(causal=True)
    with torch.no_grad():
        expected = closed.run(opened.opening_norm(closed.place(x, context), context), context)
        torch.testing.assert_close(opened(x), closed.close(expected, context), rtol=0, atol=1e-12)
        pieces, state = [], opened.start(2, 9, x[:1, 0])
        for piece in x.split([4, 1, 4], 1):
            y, state = opened.extend(piece, state)
            pieces.append(y)
        torch.testing.assert_close(torch.cat(pieces, 1), opened(x), rtol=0, atol=1e-10)


def test_an_opening_norm_is_counted(places) -> None:
    stack = replace(assembled(places), opening=True)
    counted = stack_parameters(stack, places.sites["causal"])
    assert counted == sum(parameter.numel() for parameter in module_of(places, stack).parameters())
    assert counted == stack_parameters(replace(stack, opening=False), places.sites["causal"]) + 2 * 16


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


def test_a_position_with_a_row_a_token_refuses_more_tokens_in_a_sentence(places) -> None:
    site = replace(places.sites["causal"], length=8, position=places.default("position", "learned"))
    architecture = places.assembled(
        topology=places.default("topology", "decoder"), stem=places.default("stem", "tokens"), position=site.position
    )
    stack = StackModule(architecture.stacks[0], site)
    with pytest.raises(ValueError, match="position learned was built for 8 tokens, and is given 9"):
        stack(places.normal(1, 9, 16).float())
    _, state = stack.extend(places.normal(1, 8, 16).float(), stack.start(1, 9, places.normal(1, 16).float()))
    with pytest.raises(ValueError, match="is given 9"):
        stack.extend(places.normal(1, 1, 16).float(), state)
