"""Whether a stack runs without padding, and for which batches that pays."""

from collections.abc import Iterator

from torch import Tensor

from paretoformer.kernels import Packing, dispatch
from paretoformer.kernels.launch import traced
from paretoformer.search_spaces.architecture import Stack
from paretoformer.search_spaces.contract import Capability, ChoiceConfig, Site

FULLEST = 0.95
"""Share of a batch's tokens that are valid from which it stays padded."""
LEAST_PADDING = 1 << 14
"""Numbers of padding, all channels counted, below which packing takes a CPU longer than what it saves."""
LEAST_PADDING_ELSEWHERE = 1 << 22
"""The same on other devices, which wait until the host knows the lengths; reckoned, not measured."""


def packs(stack: Stack, site: Site) -> bool:
    """Whether every choice of a bidirectional stack without grid and memory claims it."""
    if site.causal or site.grid is not None or site.memory is not None:
        return False
    return all(Capability.PACKED in config.choice.capabilities for config in _configs(stack))


def packing_for(x: Tensor, lengths: Tensor | None) -> Packing | None:
    """How x: (B, N, D) with lengths (B,) is packed, None where it stays padded.

    It does where packing does not pay, where definitions are forced, and while a model is compiled, exported or run
    without data, since a packing's size is data.
    """
    if lengths is None or dispatch.FORCED or traced(x) or x.is_meta:
        return None
    least = LEAST_PADDING if x.device.type == "cpu" else LEAST_PADDING_ELSEWHERE
    if x.numel() < least:
        return None
    rows = x.shape[0] * x.shape[1]
    tokens = sum(lengths.tolist())
    if not 0 < tokens < FULLEST * rows or (rows - tokens) * x.shape[2] < least:
        return None
    return Packing.of(lengths, x.shape[1])


def _configs(stack: Stack) -> Iterator[ChoiceConfig]:
    yield stack.position
    yield stack.exit
    for branch in stack.branches:
        yield from branch.parts
        if branch.position is not None:
            yield branch.position
