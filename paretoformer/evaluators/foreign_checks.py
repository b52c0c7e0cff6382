"""What a task of another package may have wrong, which would else show as a traceback in the middle of a search."""

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any

import torch
from torch import Tensor

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.task import About, Task
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import (
    ClassOutput,
    DenseOutput,
    ImageInput,
    Input,
    LabelOutput,
    NumberOutput,
    SeriesInput,
    SeriesOutput,
    Signature,
    TokenInput,
    TokenOutput,
)


def contract_faults(task: Task) -> Iterator[str]:
    """What the task lacks beside its examples; ends of a sentence that begins with its name."""
    kinds = {"about": About, "signature": Signature, "recipe": Recipe, "data_hash": str}
    for name, kind in kinds.items():
        found = getattr(task, name, None)
        if not isinstance(found, kind):
            yield f"has {name} {_short(found)} where one of kind {kind.__name__} is needed"
            return  # what stands on it would raise
    metrics = getattr(task, "metrics", None)
    if not isinstance(metrics, tuple) or not metrics or not all(isinstance(each, Metric) for each in metrics):
        yield f"has metrics {_short(metrics)} where a tuple of Metric is needed"
    spec = task.spec
    if not isinstance(spec, dict) or not {"task", "data_hash"} <= spec.keys():
        yield f"has spec {_short(spec)} where its name under task and its hash under data_hash are needed"
    else:
        json.dumps(spec)


def score_faults(task: Task, found: Any) -> Iterator[str]:
    """What is wrong with its scores of the best constant answer."""
    names = [metric.name for metric in task.metrics]
    scores = [found.get(name) for name in names] if isinstance(found, dict) else [None]
    if not all(isinstance(score, int | float) and isfinite(score) for score in scores):
        yield f"has constant_scores {_short(found)} where a number is needed for each of {', '.join(names)}"


def example_faults(task: Task, found: Any) -> Iterator[str]:
    """What is wrong with the examples of one split."""
    if not isinstance(found, Examples):
        yield f"gives {type(found).__name__} where Examples are needed"
        return
    rows = len(found.inputs)
    if not rows:
        yield "has no example"
        return
    parts = {"targets": found.targets, "lengths": found.lengths, "groups": found.groups, "sizes": found.sizes}
    for name, part in parts.items():
        if part is not None and len(part) != rows:
            yield f"has {rows} inputs and {len(part)} {name}"
    wanted = _input_shape(task.signature.input)
    if not _fits(found.inputs, wanted):
        yield f"has inputs of shape {tuple(found.inputs.shape[1:])}, and its signature says {_told(wanted)}"
        return
    most = found.inputs.shape[1]
    if found.lengths is not None and not 0 <= found.lengths.min() <= found.lengths.max() <= most:
        yield f"has lengths {found.lengths.min()} to {found.lengths.max()}, and its inputs are {most} long"
    if not found.inputs.isfinite().all():
        yield "has inputs that are nan or infinite"
    yield from _token_faults(task.signature.input, found.inputs)
    yield from _target_faults(task, found)


def _token_faults(given: Input, inputs: Tensor) -> Iterator[str]:
    if not isinstance(given, TokenInput) or not inputs.numel():
        return
    whole = inputs.dtype == torch.long
    least, most = (int(inputs.min()), int(inputs.max())) if whole else (0, 0)
    if not whole or least < 0 or most >= given.vocabulary:
        seen = f"{least} to {most}" if whole else str(inputs.dtype)
        yield (
            f"has tokens {seen}, and its signature has a vocabulary of {given.vocabulary}: int64 from 0 to {given.vocabulary - 1}"
        )


def _target_faults(task: Task, found: Examples) -> Iterator[str]:
    output, targets = task.signature.output, found.targets
    along = found.inputs.shape[1]
    match output:
        case ClassOutput():
            wanted: tuple[int, ...] = ()
        case LabelOutput() | TokenOutput():
            wanted = (along,)
        case NumberOutput():
            wanted = (output.numbers,)
        case SeriesOutput():
            wanted = (along, output.numbers)
        case DenseOutput():
            given = (
                targets.shape[2] if targets.dim() > 2 else output.channels
            )  # a model may say more of a pixel than is asked
            wanted = (2, min(given, output.channels), *found.inputs.shape[2:])
    if targets.shape[1:] != wanted:
        yield f"has targets of shape {tuple(targets.shape[1:])} an example where {wanted} is needed"
        return
    if not isinstance(output, ClassOutput | LabelOutput | TokenOutput):
        return
    asked = targets[targets != IGNORED]
    if targets.dtype != torch.long or (asked.numel() and not 0 <= asked.min() <= asked.max() < output.columns):
        seen = f"{asked.min()} to {asked.max()}" if asked.numel() else ""
        yield f"has targets {seen} of {targets.dtype}, and they are int64 from 0 to {output.columns - 1}"


def _input_shape(given: Input) -> tuple[int, ...]:
    """Sizes of one input; the first of tokens and steps is the most."""
    match given:
        case TokenInput():
            return (given.length,)
        case SeriesInput():
            return (given.length, given.channels)
        case ImageInput():
            return (given.channels, given.height, given.width)


def _fits(inputs: Tensor, wanted: tuple[int, ...]) -> bool:
    sizes = inputs.shape[1:]
    if len(sizes) != len(wanted):
        return False
    return sizes == wanted or (len(wanted) < 3 and sizes[0] <= wanted[0] and sizes[1:] == wanted[1:])


def _told(wanted: tuple[int, ...]) -> str:
    return str(wanted) if len(wanted) == 3 else f"at most {wanted}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
