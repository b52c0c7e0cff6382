"""From a model at hand to ONNX files, by torch.export and torch's ONNX exporter, each held against the model."""

import contextlib
import copy
import io
import logging
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim

from paretoformer.records.signature import ImageInput
from paretoformer.runtimes.base import NotConvertible, first_line
from paretoformer.runtimes.conversion.checks import agree, outputs, session
from paretoformer.runtimes.conversion.graphs import FirstTokens, NextTokens, Whole
from paretoformer.runtimes.conversion.operators import sorted_stably
from paretoformer.runtimes.conversion.state import Leaf, leaves, named_leaves
from paretoformer.runtimes.inputs import Inputs
from paretoformer.search_spaces.contract import Model
from paretoformer.search_spaces.registry import FOLDERS

OPSET = 20
AXES = ("batch", "length")


@dataclass(frozen=True, kw_only=True)
class Converted:
    """A graph file that was found to agree with its model. `open_axes` may have any size; the others are fixed."""

    path: Path
    open_axes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DecodeGraphs:
    """Two graph files and what connects them.

    `first` reads a context and gives outputs and the tensors of the state; `step` takes one token a sequence and the
    state's leaves, and gives outputs and the leaves after it. `leaves` names these in order, each with its value after
    the context where it is a number and None where it is a tensor.
    """

    first: Path
    step: Path
    leaves: tuple[tuple[str, int | None], ...]


def to_onnx(model: Model, inputs: Inputs, path: Path, *, fixed: bool = False) -> Converted:
    """The graph of `forward` on inputs like these, of any batch and length where that can be, checked at other sizes.

    Args:
        model: in evaluation mode, fp32, on the CPU.
        inputs: a batch of 2 or more where its axis is to stay open.
        path: of the file.
        fixed: leave no axis open.

    Raises:
        NotConvertible: not even with all axes fixed; names the choice that stands in the way.
    """
    whole = Whole(model).eval()
    values = _values(inputs)
    known = () if isinstance(model.signature.input, ImageInput) else AXES
    wanted = [()] if fixed else [*([known] if known else []), ("batch",), ()]
    for axes in wanted:
        try:
            _write(whole, values, path, _open(values, axes), ["inputs", "source"][: len(values)], ["outputs"])
            with torch.no_grad():
                for each in (values, *_other_sizes(values, axes)):
                    (found,) = outputs(session(path), *each)
                    agree(found, whole(*each), "the output")
        except NotConvertible:
            if axes == ():
                raise
        else:
            return Converted(path=path, open_axes=axes)
    raise AssertionError("the last attempt leaves no axis open")


def decode_to_onnx(model: Model, inputs: Inputs, context: int, folder: Path) -> DecodeGraphs:
    """Graphs of a decode of fixed batch: `context` tokens of the inputs at once, and the others one by one.

    Both are checked through all of these tokens.

    Raises:
        NotConvertible: its state or its steps are beyond a graph; names the choice that stands in the way.
    """
    values = _values(inputs)
    given, others = values[0], values[1:]
    begin, tokens = given[:, :context].contiguous(), given[:, context:].split(1, dim=1)
    first = FirstTokens(model, capacity=given.shape[1]).eval()
    with torch.no_grad():
        state = first.state_after(begin, *others)[1]
        step = NextTokens(model, state).eval()
        before = leaves(copy.deepcopy(state))
        after = leaves(model.extend(tokens[0], copy.deepcopy(state))[1])
        if [type(leaf) for leaf in before] != [type(leaf) for leaf in after]:
            raise NotConvertible("the decoding state changes its form from token to token")
        names = [name for name, _ in named_leaves(state)]
        tensors = [name for name, leaf in zip(names, before, strict=True) if isinstance(leaf, Tensor)]
        graphs = DecodeGraphs(
            first=folder / "first.onnx",
            step=folder / "step.onnx",
            leaves=tuple((n, None if isinstance(v, Tensor) else int(v)) for n, v in zip(names, before, strict=True)),
        )
        called = ["inputs", "source"][: len(values)]
        _write(first, (begin, *others), graphs.first, None, called, ["outputs", *tensors])
        moving = [_moving(one, other) for one, other in zip(before, after, strict=True)]
        made = ["outputs", *(f"next.{name}" for name in names)]
        _write(step, (tokens[0], before), graphs.step, (None, moving), ["inputs", *names], made)
        _check_decode(model, graphs, (begin, *others), tokens)
    return graphs


def _check_decode(model: Model, graphs: DecodeGraphs, begin: Sequence[Tensor], tokens: Sequence[Tensor]) -> None:
    opened = session(graphs.step)
    wanted, state = FirstTokens(model, begin[0].shape[1] + len(tokens)).state_after(*begin)
    found, *tensors = outputs(session(graphs.first), *begin)
    agree(found, wanted, "the output of the context")
    remaining = iter(tensors)
    carried: list[Leaf] = [next(remaining) if value is None else value for _, value in graphs.leaves]
    for place, token in enumerate(tokens):
        wanted, state = model.extend(token, state)
        found, *after = outputs(opened, token, *carried)
        agree(found, wanted, f"the output of new token {place + 1}")
        carried = [new if isinstance(old, Tensor) else int(new) for new, old in zip(after, carried, strict=True)]


def _write(
    module: nn.Module, values: Any, path: Path, sizes: Any, input_names: list[str], output_names: list[str]
) -> None:
    """Trace and write one graph; `sizes` says which sizes and numbers are inputs' own, for torch.export."""
    try:
        with _quiet(), torch.no_grad():
            program = torch.export.export(module, tuple(values), dynamic_shapes=sizes, strict=False)
            converted = torch.onnx.export(
                program,
                dynamo=True,
                opset_version=OPSET,
                input_names=input_names,
                output_names=output_names,
                custom_translation_table={torch.ops.aten.sort.stable: sorted_stably},
                verbose=False,
            )
            assert converted is not None
            converted.save(path)
    except Exception as error:  # whatever a choice does that cannot be traced or has no operator
        raise NotConvertible(f"{_culprit(error)} cannot be converted to ONNX: {_reason(error)}") from error


def _values(inputs: Inputs) -> tuple[Tensor, ...]:
    return (inputs.given,) if inputs.source is None else (inputs.given, inputs.source.inputs)


def _open(values: Sequence[Tensor], axes: tuple[str, ...]) -> Any:
    if not axes:
        return None
    first = dict.fromkeys(range(len(axes)), Dim.DYNAMIC)
    return (first, *({0: Dim.DYNAMIC} for _ in values[1:]))


def _other_sizes(values: Sequence[Tensor], axes: tuple[str, ...]) -> Iterator[tuple[Tensor, ...]]:
    """The same with one sequence, and with fewer tokens, where these axes are open."""
    if "batch" in axes:
        yield tuple(value[:1].contiguous() for value in values)
    if "length" in axes:
        length = values[0].shape[1]
        for shorter in dict.fromkeys((max(2, length // 2), max(2, length - 3))):
            yield (values[0][:, :shorter].contiguous(), *values[1:])


def _moving(one: Leaf, other: Leaf) -> Any:
    """Which of a leaf's sizes change from token to token; a number always does."""
    if not isinstance(one, Tensor) or not isinstance(other, Tensor):
        return Dim.DYNAMIC
    changed = [axis for axis, (old, new) in enumerate(zip(one.shape, other.shape, strict=True)) if old != new]
    return dict.fromkeys(changed, Dim.DYNAMIC) or None


def _reason(error: BaseException) -> str:
    """In words of ours where the position, which a graph takes as an input, was used as if it were known."""
    cause = error.__cause__ or error
    by_position = (
        isinstance(cause, TypeError) and "SymInt" in str(cause) or "specialized it to be a constant" in str(cause)
    )
    return "what it does with a token depends on the token's position" if by_position else first_line(cause)


def _culprit(error: BaseException | None) -> str:
    """The choice in whose file the error arose, or the whole model."""
    while error is not None:
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            path = Path(frame.filename)
            kind = next((kind for kind, folder in FOLDERS.items() if path.parent.name == folder), None)
            if kind is not None and path.stem != "__init__":
                return f"{kind} {path.stem.replace('_', '-')}"
        error = error.__cause__
    return "this model"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter prints its progress and warns of what the check finds anyway."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        log.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            log.setLevel(level)
