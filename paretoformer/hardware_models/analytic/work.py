"""The parts of a model that a workload sets to work."""

from dataclasses import dataclass, replace

from paretoformer.hardware_models.meters.base import Subject
from paretoformer.records.signature import ImageInput
from paretoformer.records.target import Target
from paretoformer.search_spaces.layer_count import LayerCount
from paretoformer.search_spaces.layer_counts import layer_counts, step_counts

Parts = tuple[LayerCount, ...]


@dataclass(frozen=True, kw_only=True)
class Work:
    """Passes over a model, each as the parts that work in it, with the batch that they share.

    `calls` are the passes whose mean is what the cost is counted in: the one of a prefill, or those of each new token of a
    decode. `begin` is the pass that gives the first token of a decode, its source and context read.
    """

    calls: tuple[Parts, ...]
    batch: int
    begin: Parts | None = None


def work_of(subject: Subject, target: Target) -> Work:
    """The passes of a filled target's workload, bytes in its precision."""
    assert target.workload and target.precision
    architecture, signature, workload = subject.architecture, subject.signature, target.workload
    length = input_tokens(subject, workload.length)
    begins = workload.kind == "decode"
    whole = layer_counts(architecture, signature, length, precision=target.precision, last=begins)
    if not begins:
        return Work(calls=(whole,), batch=workload.batch)
    contexts = range(workload.length, workload.length + workload.new)
    steps = (step_counts(architecture, signature, context, precision=target.precision) for context in contexts)
    return Work(calls=tuple(steps), batch=workload.batch, begin=tuple(_written(part) for part in whole))


def input_tokens(subject: Subject, length: int) -> int | None:
    """What the stem makes of `length` tokens or steps; None, which is all that there are, for an image."""
    given = subject.signature.input
    return None if isinstance(given, ImageInput) else subject.architecture.stem.tokens(replace(given, length=length))


def _written(part: LayerCount) -> LayerCount:
    """The part where the state that it makes is kept."""
    return replace(part, state_written_bytes=part.state_bytes)
