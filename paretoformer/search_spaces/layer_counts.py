"""Exact counts of a model part by part."""

from dataclasses import replace

from paretoformer.records.signature import ImageInput, Signature, TokenInput
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.contract import StackRun, StemUse
from paretoformer.search_spaces.heads import tied
from paretoformer.search_spaces.layer_count import WIDTHS, LayerCount, Widths
from paretoformer.search_spaces.stack_layers import StackLayers

ID_BYTES = 8
"""Of a token's id."""


def layer_counts(
    architecture: Architecture,
    signature: Signature,
    length: int | None = None,
    *,
    precision: str = "fp32",
    last: bool = False,
) -> tuple[LayerCount, ...]:
    """The parts of a model in the order of the data; parameters, MACs and (in fp32) state add up to those of `count`.

    Args:
        architecture: a valid one for the signature.
        signature: the task's.
        length: tokens of the input, the most that the stem makes unless given.
        precision: of the bytes.
        last: whether the head answers at the last token alone, as where a decode begins.
    """
    topology, widths = architecture.topology, WIDTHS[precision]
    sites, stems = topology.sites(architecture, signature), topology.stems(architecture, signature)
    lengths = [use.config.tokens(use.given) for use in stems]
    lengths[0] = lengths[0] if length is None else length
    runs = topology.runs(architecture, signature, lengths[0])
    rows = [_stem(use, size, widths, first=use is stems[0]) for use, size in zip(stems, lengths, strict=True)]
    for stack in architecture.stacks:
        rows += StackLayers(stack, sites[stack.name], widths).run(runs[stack.name])
    closing = architecture.stacks[-1]
    tokens = runs[closing.name]
    asked = 1 if last else lengths[0]
    read = 1 if last else tokens.length * tokens.times
    head = LayerCount(
        part="head",
        choice=topology.choice.name,
        params=topology.wiring_parameters(architecture, signature),
        macs=topology.wiring_macs(architecture, signature, asked),
        weight_bytes=widths.weights * _head_weights(architecture, signature),
        activation_bytes=widths.others * (read * closing.width + _numbers_given(signature, asked)),
        state_bytes=widths.narrowed(topology.wiring_state_bytes(architecture, signature)) if topology.decodes else 0,
    )
    return (*rows, head)


def step_counts(
    architecture: Architecture, signature: Signature, context: int, *, precision: str = "fp32"
) -> tuple[LayerCount, ...]:
    """The parts that work when a model that decodes goes on by one token after `context` others; params are not told again.

    A source was read before the first token, and has no part in it.
    """
    topology, widths = architecture.topology, WIDTHS[precision]
    sites, steps = topology.sites(architecture, signature), topology.steps(architecture, signature, context)
    rows = [_stem(topology.stems(architecture, signature)[0], 1, widths, first=True)]
    for stack in architecture.stacks:
        if stack.name in steps:
            parts, step = StackLayers(stack, sites[stack.name], widths), steps[stack.name]
            rows += parts.run(step) if isinstance(step, StackRun) else parts.step(step)
    before, after = (topology.wiring_macs(architecture, signature, tokens) for tokens in (context, context + 1))
    head = LayerCount(
        part="head",
        choice=topology.choice.name,
        macs=after - before,
        weight_bytes=widths.weights * (after - before),
        activation_bytes=widths.others * (architecture.stacks[-1].width + signature.output.columns),
        state_bytes=widths.narrowed(topology.wiring_state_bytes(architecture, signature)),
    )
    return tuple(replace(row, params=0) for row in (*rows, head))


def _stem(use: StemUse, tokens: int, widths: Widths, *, first: bool) -> LayerCount:
    config, given, width = use.config, use.given, use.width
    params, table = config.stem_parameters(given, width), config.stem_table_parameters(given, width)
    return LayerCount(
        part="stem" if first else "source",
        choice=config.choice.name,
        params=0 if use.shared else params,
        macs=config.stem_macs(given, width, tokens),
        weight_bytes=widths.weights * (params - table + min(table, tokens * width)),
        activation_bytes=_input_bytes(use, tokens, widths) + widths.others * tokens * width,
    )


def _head_weights(architecture: Architecture, signature: Signature) -> int:
    """Weights outside stem and stacks that are read: the stem's table too where the head uses it."""
    own = architecture.topology.wiring_parameters(architecture, signature)
    if not tied(architecture, signature):
        return own
    use = architecture.topology.stems(architecture, signature)[0]
    return own + use.config.stem_table_parameters(use.given, use.width)


def _input_bytes(use: StemUse, tokens: int, widths: Widths) -> int:
    """Of a whole image, or of the ids or numbers that so many tokens are made of."""
    given = use.given
    if isinstance(given, TokenInput):
        return ID_BYTES * tokens
    if isinstance(given, ImageInput):
        return widths.others * given.channels * given.height * given.width
    return widths.others * given.channels * (tokens * given.length // use.config.tokens(given))


def _numbers_given(signature: Signature, length: int) -> int:
    """Numbers of the output for one input of `length` tokens."""
    whole = signature.whole or isinstance(signature.input, ImageInput)
    return signature.outputs if whole else length * signature.output.columns
