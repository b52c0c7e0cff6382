"""A model's stack as it would be if nothing told its tokens where they stand."""

import copy
from dataclasses import replace

import torch
from torch import Tensor, nn

from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.registry import config_from_json
from paretoformer.search_spaces.single_stack import SingleStack, SingleStackConfig
from paretoformer.search_spaces.stack import StackModule

_CLOSE = 1e-9
"""In fp64: what is left of rounding lies far below it, and what a scale of 1e-6 lets through far above."""


def without_positions(architecture: Architecture) -> Architecture:
    """The architecture with position none in every stack and branch."""
    none = config_from_json("position", "none")
    stacks = tuple(
        replace(
            stack,
            position=none,
            blocks=tuple(tuple(replace(branch, position=None) for branch in block) for block in stack.blocks),
        )
        for stack in architecture.stacks
    )
    return replace(architecture, stacks=stacks)


def unplaced_stack(model: SingleStack) -> StackModule:
    """A stack without positions whose parameters and buffers are the model's own."""
    architecture = without_positions(model.architecture)
    config = architecture.topology
    assert isinstance(config, SingleStackConfig), "a SingleStack has such a config"
    site = config.sites(architecture, model.signature)[config.stack_name]
    with torch.random.fork_rng(devices=[]):
        stack = StackModule(architecture.stack(config.stack_name), site)
    _share(stack, model.stack)
    return stack


def knows_order(stack: StackModule, width: int, length: int) -> bool:
    """Whether a token's output depends on anything but its content and the set of tokens that are read.

    Found out by trying with `length` tokens: those that are read change places, and the last, which is not, equals the first.
    """
    probe = copy.deepcopy(stack).double().cpu().eval()
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, length, width, generator=generator, dtype=torch.float64)
    x[:, -1] = x[:, 0]
    count = max(1, length - 1)
    order = torch.cat((torch.randperm(count, generator=generator), torch.arange(count, length)))
    with torch.no_grad():
        plain, moved = (probe(each, torch.tensor([count])) for each in (x, x[:, order]))
    return not (_alike(moved, plain[:, order]) and _alike(plain[:, -1], plain[:, 0]))


def _alike(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one, other, rtol=_CLOSE, atol=_CLOSE)


def _share(stack: nn.Module, owner: nn.Module) -> None:
    """Make every parameter and buffer of `stack` the one that `owner` has by that name."""
    for name, module in stack.named_modules():
        own = owner.get_submodule(name)
        for key in module._parameters:
            module._parameters[key] = own._parameters[key]
        for key in module._buffers:
            module._buffers[key] = own._buffers[key]
