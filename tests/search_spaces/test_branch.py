"""Residual branches: norm placements, scales, and reading a memory."""

from dataclasses import replace

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from paretoformer.search_spaces.architecture import Branch, Stack
from paretoformer.search_spaces.contract import Context, Memory, MemorySite, Site, StackRun
from paretoformer.search_spaces.stack import StackModule
from paretoformer.search_spaces.stack_counts import stack_macs, stack_parameters, stack_state_bytes

ROLES = ("mixer", "cross", "feedforward")
SITE = Site(width=16, length=20, causal=True, memory=MemorySite(width=12, length=7))
CONTEXT = Context(causal=True)
OPTIONS = [
    {"placement": "pre"},
    {"placement": "post"},
    {"placement": "sandwich"},
    {"layer_scale": 0.1},
    {"residual_scale": True},
    {"placement": "sandwich", "layer_scale": 1e-5, "residual_scale": True},
]


class Buildable:
    """A stack with the `build` of a config."""

    def __init__(self, stack) -> None:
        self.stack = stack

    def build(self, site):
        return StackModule(self.stack, site)


@pytest.fixture
def stack_of(places):
    """Makes stacks of blocks with the given roles; what else is named goes to every branch."""

    def make(roles=("mixer", "feedforward"), depth=2, loops=1, position="none", **options) -> Stack:
        bodies = {"mixer": "softmax", "cross": "softmax", "feedforward": "gelu"}
        kinds = {"mixer": "mixer", "cross": "mixer", "feedforward": "feedforward"}
        block = tuple(
            Branch(
                role=role,
                body=places.default(kinds[role], bodies[role]),
                norm=places.default("norm", "layer"),
                **options,
            )
            for role in roles
        )
        return Stack(
            name="s", width=16, position=places.default("position", position), blocks=(block,) * depth, loops=loops
        )

    return make


class OnGpu(torch.Tensor):
    """A tensor that says that it is on a GPU."""

    is_cuda = True


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("residual", ["branch", "block"])
def test_sums_that_wait_for_the_next_norm_are_those_of_branches_one_by_one_bit_for_bit(
    places, stack_of, options, residual
) -> None:
    stack = replace(stack_of(loops=2, **options), residual=residual)
    module = places.built(Buildable(stack), replace(SITE, memory=None)).eval()
    x = places.normal(2, 9, 16).float()
    with torch.no_grad():
        expected = x
        for branches in [module.branches] * 2 if residual == "branch" else []:
            for branch in branches:
                expected = branch(expected, CONTEXT)
        for first, second in [tuple(module.branches[i : i + 2]) for i in (0, 2)] * 2 if residual == "block" else []:
            y = second.inside(first.inside(expected, CONTEXT), CONTEXT)
            expected = second.joined(expected, y, CONTEXT)
        for kind in (torch.Tensor, OnGpu):
            assert torch.equal(module.run(x.as_subclass(kind), CONTEXT), expected)


def module_of(places, stack, site=SITE):
    """The module, moved off its initial values."""
    return places.built(Buildable(stack), replace(site, position=stack.position)).double().eval()


def memory_of(places, lengths=None) -> Memory:
    return Memory(tokens=places.normal(2, 7, 12, seed=5), lengths=lengths)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(options))
def test_a_branch_is_its_formula(places, stack_of, options) -> None:
    branch = module_of(places, stack_of(depth=1, **options)).branches[0]
    x = places.normal(2, 9, 16)
    with torch.no_grad():
        given = x if options.get("placement") == "post" else branch.norm(x, CONTEXT)
        y = branch.body(given, CONTEXT)
        if options.get("placement") == "sandwich":
            y = branch.norm_after(y, CONTEXT)
        y = y * (branch.layer_scale if "layer_scale" in options else 1)
        expected = x * (branch.residual_scale if "residual_scale" in options else 1) + y
        if options.get("placement") == "post":
            expected = branch.norm(expected, CONTEXT)
        torch.testing.assert_close(branch(x, CONTEXT), expected, rtol=0, atol=1e-12)


def test_scales_start_where_they_are_told(stack_of) -> None:
    branch = StackModule(stack_of(layer_scale=1e-5, residual_scale=True), SITE).branches[0]
    assert branch.layer_scale.tolist() == pytest.approx([1e-5] * 16)
    assert branch.residual_scale.tolist() == [1.0] * 16


@pytest.mark.parametrize("roles", [("mixer", "feedforward"), ROLES, ("cross",)], ids="-".join)
@pytest.mark.parametrize("options", [*OPTIONS, {"loops": 3}], ids=lambda options: "-".join(options))
def test_parameters_and_macs_are_as_counted(places, stack_of, roles, options) -> None:
    stack = stack_of(roles, **options)
    module = module_of(places, stack)
    assert stack_parameters(stack, SITE) == sum(parameter.numel() for parameter in module.parameters())
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        module(places.normal(1, 9, 16), memory=Memory(tokens=places.normal(1, 7, 12)))
    assert 2 * stack_macs(stack, SITE, StackRun(length=9, memory=7)) == counter.get_total_flops()


def test_a_stack_that_runs_several_times_is_counted_as_often(stack_of) -> None:
    stack = stack_of(ROLES)
    once, often = (stack_macs(stack, SITE, StackRun(length=9, memory=5, times=times)) for times in (1, 4))
    assert often == 4 * once


def test_a_memory_norm_is_counted_and_changes_what_is_read(places, stack_of) -> None:
    assert SITE.memory is not None
    stack, normed = stack_of(ROLES), replace(SITE, memory=replace(SITE.memory, normed=True))
    module = module_of(places, stack, normed)
    assert stack_parameters(stack, normed) == sum(p.numel() for p in module.parameters())
    x, memory = places.normal(2, 9, 16), memory_of(places)
    scaled = replace(memory, tokens=3 * memory.tokens)
    with torch.no_grad():
        torch.testing.assert_close(module(x, memory=scaled), module(x, memory=memory), rtol=0, atol=1e-4)


def test_looping_is_running_the_same_blocks_again(places, stack_of) -> None:
    looped = module_of(places, stack_of(loops=3))
    once = module_of(places, stack_of())
    x = places.normal(2, 9, 16)
    with torch.no_grad():
        expected = x
        for _ in range(3):
            for branch in once.branches:
                expected = branch(expected, CONTEXT)
        expected = once.final_norm(expected, CONTEXT)
        torch.testing.assert_close(looped(x), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("lengths", [None, [7, 3]], ids=str)
@pytest.mark.parametrize("loops", [1, 2])
def test_extending_beside_a_memory_equals_the_whole(places, stack_of, lengths, loops) -> None:
    module, x = module_of(places, stack_of(ROLES, loops=loops)), places.normal(2, 9, 16)
    memory = memory_of(places, None if lengths is None else torch.tensor(lengths))
    with torch.no_grad():
        whole, state, outputs = module(x, memory=memory), module.start(2, 9, x[:1, 0], memory), []
        for piece in x.split([4, 1, 4], 1):
            y, state = module.extend(piece, state)
            outputs.append(y)
    torch.testing.assert_close(torch.cat(outputs, 1), whole, rtol=1e-10, atol=1e-10)


def test_padding_of_a_memory_is_not_read(places, stack_of) -> None:
    module, x = module_of(places, stack_of(ROLES)), places.normal(2, 9, 16)
    memory = memory_of(places, torch.tensor([7, 3]))
    tokens = memory.tokens.clone()
    tokens[1, 3:] = 100.0
    with torch.no_grad():
        before, after = module(x, memory=memory), module(x, memory=replace(memory, tokens=tokens))
    torch.testing.assert_close(after, before, rtol=0, atol=1e-12)


def test_every_token_of_a_memory_is_read(places, stack_of) -> None:
    module, x, memory = module_of(places, stack_of(ROLES)), places.normal(2, 9, 16), memory_of(places)
    tokens = memory.tokens.clone().requires_grad_()
    module(x, memory=replace(memory, tokens=tokens))[:, 0].square().sum().backward()
    assert tokens.grad is not None and (tokens.grad.abs().sum(-1) > 0).all()


def test_decoding_keeps_the_memory_and_what_was_seen(places, stack_of) -> None:
    stack = stack_of(ROLES, loops=2)
    kept = 4 * 2 * 16 * (9 + 7) * 2 * 2  # keys and values of 9 tokens and 7 of the memory, 2 blocks, 2 loops, fp32
    assert stack_state_bytes(stack, SITE, StackRun(length=9, memory=7)) == kept


def test_a_mixer_without_a_memory_form_is_refused_in_a_cross_branch(places) -> None:
    pooling = places.default("mixer", "pooling")
    (sentence,) = pooling.problems(SITE.of("cross"))
    assert sentence.startswith(
        "mixer pooling reads its own tokens only, and a cross branch reads a memory; mixers that can: "
    )
    assert "softmax" in sentence and "pooling" not in sentence.partition(";")[2]


@pytest.mark.parametrize(("role", "reads"), [("mixer", False), ("cross", True), ("feedforward", False)])
def test_a_memory_is_seen_by_cross_branches_alone(places, role, reads) -> None:
    site = replace(SITE, position=places.default("position", "rotary"))
    assert (site.of(role).memory is not None) == reads
    assert (site.of(role).position is None) == reads
    assert site.memory is not None
    placed = replace(site, memory=replace(site.memory, placed=True))
    assert placed.of(role).position is not None


PLACES = Site(width=16, length=20)


@pytest.mark.parametrize("position", ["shaw", "alibi", "rotary", "toeplitz"])
def test_a_branch_with_a_position_is_as_if_the_stack_had_it(places, position) -> None:
    config = places.default("position", position)
    block = Branch(role="mixer", body=places.default("mixer", "softmax"), norm=places.default("norm", "layer"))
    own, none = replace(block, position=config), places.default("position", "none")
    one = Stack(name="s", width=16, position=none, blocks=((own,),)), replace(PLACES, position=none)
    other = Stack(name="s", width=16, position=config, blocks=((block,),)), replace(PLACES, position=config)
    run = StackRun(length=20)
    assert stack_parameters(*one) == stack_parameters(*other) and stack_macs(*one, run) == stack_macs(*other, run)
    modules = [places.built(Buildable(stack), site).double() for stack, site in (one, other)]
    x = places.normal(2, 20, 16)
    torch.testing.assert_close(modules[0](x), modules[1](x), rtol=0, atol=0)


def test_a_branch_may_go_without_the_position_of_its_stack(places) -> None:
    block = Branch(role="mixer", body=places.default("mixer", "linear"), norm=places.default("norm", "layer"))
    alone = replace(block, position=places.default("position", "none"))
    assert list(block.body.problems(block.site(replace(PLACES, position=places.default("position", "alibi")))))
    assert not list(alone.body.problems(alone.site(replace(PLACES, position=places.default("position", "alibi")))))


def test_what_acts_on_a_stacks_input_is_no_position_of_a_branch(places) -> None:
    block = Branch(role="mixer", body=places.default("mixer", "softmax"), norm=places.default("norm", "layer"))
    (sentence,) = replace(block, position=places.default("position", "learned")).own_problems()
    assert "acts on a stack's input" in sentence and "its mixer: alibi, rotary, shaw, t5, toeplitz or none" in sentence


@pytest.mark.parametrize(
    ("stack", "own", "written"),
    [
        ("none", "none", False),
        ("alibi", "alibi", False),
        ("learned", "none", False),
        ("alibi", "none", True),
        ("learned", "shaw", True),
    ],
)
def test_a_position_that_makes_no_difference_is_not_written(places, stack, own, written) -> None:
    block = Branch(
        role="mixer",
        body=places.default("mixer", "softmax"),
        norm=places.default("norm", "layer"),
        position=places.default("position", own),
    )
    made = Stack(name="s", width=16, position=places.default("position", stack), blocks=((block,),))
    assert ("position" in made.to_json()["blocks"][0][0]) is written


def attending(places, *own) -> tuple[tuple[Branch, ...], ...]:
    """A block for each position, that of its mixer; None is the stack's."""
    body, norm = places.default("mixer", "softmax"), places.default("norm", "layer")
    given = [None if name is None else places.default("position", name) for name in own]
    return tuple((Branch(role="mixer", body=body, norm=norm, position=each),) for each in given)


@pytest.mark.parametrize(
    ("stack", "own", "position", "kept"),
    [
        ("none", ("rotary", "rotary"), "rotary", [False, False]),
        ("none", ("rotary", "alibi"), "none", [True, True]),
        ("none", ("rotary", None), "none", [True, False]),
        ("none", ("t5", "t5"), "none", [True, True]),
        ("learned", ("rotary", "rotary"), "learned", [True, True]),
        ("rotary", ("rotary", None), "rotary", [False, False]),
    ],
)
def test_one_position_of_all_mixers_is_that_of_the_stack_unless_it_is_shared_there(
    places, stack, own, position, kept
) -> None:
    made = Stack(name="s", width=16, position=places.default("position", stack), blocks=attending(places, *own))
    value = made.to_json()
    assert value["position"]["name"] == position
    assert ["position" in block[0] for block in value["blocks"]] == kept


@pytest.mark.parametrize(
    ("stack", "own", "problems"),
    [
        ("alibi", ("rotary", "rotary"), 1),
        ("alibi", ("none", "none"), 1),
        ("alibi", ("rotary", None), 0),
        ("alibi", ("alibi", "rotary"), 0),
        ("learned", ("rotary", "rotary"), 0),
        ("none", ("rotary", "rotary"), 0),
    ],
)
def test_a_position_that_acts_in_no_mixer_is_refused(places, stack, own, problems) -> None:
    made = Stack(name="s", width=16, position=places.default("position", stack), blocks=attending(places, *own))
    found = list(made.own_problems(("mixer",)))
    assert len(found) == problems
    assert all(
        "has the position alibi, and each of its mixers has one of its own; give the stack none" in each
        for each in found
    )
