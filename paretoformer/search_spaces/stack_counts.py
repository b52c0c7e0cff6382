"""Exact counts of a stack, from formulas that stand beside its choices."""

from collections import Counter
from dataclasses import replace

from paretoformer.search_spaces.architecture import Stack
from paretoformer.search_spaces.contract import AttentionConfig, MixerConfig, Site, StackRun


def stack_parameters(stack: Stack, site: Site) -> int:
    """Parameters of `StackModule(stack, site)`."""
    inner = sum(branch.parameters(site) for branch in stack.branches) - _counted_again(stack, site)
    final = stack.final_norm.parameters(site.of("mixer")) if stack.final_norm and site.closed else 0
    opening = stack.opening_norm.parameters(site.of("mixer")) if stack.opening_norm else 0
    return inner + stack.position.parameters(site) + opening + final


def stack_macs(stack: Stack, site: Site, run: StackRun) -> int:
    """Multiply-accumulates of `StackModule.forward` for one input of the model."""
    site = reading(site, run.memory)
    once = sum(part.macs(branch.site(site), run.length) for branch in stack.branches for part in branch.parts)
    return once * stack.loops * run.times


def stack_state_bytes(stack: Stack, site: Site, run: StackRun) -> int:
    """Bytes of fp32 decoding state for one sequence after the tokens of `run`."""
    site = reading(site, run.memory)
    mixers = ((b.body, b.site(site)) for b in stack.branches if isinstance(b.body, MixerConfig))
    return sum(mixer.state_bytes(own, run.length) for mixer, own in mixers) * stack.loops


def reading(site: Site, memory: int) -> Site:
    """The site where so many tokens of the memory, if there is one, are read."""
    return replace(site, memory=replace(site.memory, length=memory)) if site.memory else site


def _counted_again(stack: Stack, site: Site) -> int:
    """Parameters of a shared position beyond its first place among heads of one number and width."""
    if not stack.position.shared:
        return 0
    bodies = (b.body for b in stack.branches if b.position is None and site.of(b.role).position is not None)
    shapes = Counter((b.heads, b.head(site)) for b in bodies if isinstance(b, AttentionConfig))
    return sum((times - 1) * stack.position.mixer_parameters(*shape) for shape, times in shapes.items())
