"""How much flows through a model whose weights are all positive."""

import math
from dataclasses import replace

import torch

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.proxy import Probe, register_proxy
from paretoformer.records.canonical import derived_seed
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Source
from paretoformer.search_spaces.registry import config_from_json


@register_proxy(
    "synflow", "log of the sum over weights of weight x gradient of the summed output, all weights made positive"
)
def synflow(probe: Probe) -> float:
    """The logarithm of the sum, on one input of ones (of tokens, the first example's) in fp64.

    Norms of branches are left out, since they would undo what it sums; layers that multiply tokens with one another may then grow
    beyond every number, and there is no score. Source: Tanaka et al. 2020, algorithm 1; summed over
    a model by Abdelfattah et al. 2021, section 3.1.
    """
    bare, given = _without_norms(probe.architecture), probe.batch.take(slice(0, 1)).mapped(_ones)
    model = build(bare, probe.task.signature, seed=derived_seed(probe.seed, "weights")).eval().double()
    with torch.no_grad():
        for part in model.parameters():
            part.abs_()
    given = _doubled(given)
    model(given.inputs, given.lengths, given.source).sum().backward()
    flow = sum((part * part.grad).abs().sum().item() for part in model.parameters() if part.grad is not None)
    return math.log(flow) if 0 < flow < math.inf else math.nan


def _without_norms(architecture: Architecture) -> Architecture:
    none = config_from_json("norm", "none")
    stacks = tuple(
        replace(
            stack,
            blocks=tuple(tuple(replace(branch, norm=none) for branch in block) for block in stack.blocks),
        )
        for stack in architecture.stacks
    )
    return replace(architecture, stacks=stacks)


def _ones(part: torch.Tensor) -> torch.Tensor:
    return torch.ones_like(part) if part.is_floating_point() else part


def _doubled(given: Examples) -> Examples:
    source = given.source
    doubled = [
        part.double() if part.is_floating_point() else part
        for part in (given.inputs, *([source.inputs] if source else []))
    ]
    return replace(given, inputs=doubled[0], source=Source(doubled[1], source.lengths) if source else None)
