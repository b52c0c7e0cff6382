"""Converted graphs as phases, whichever library runs them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from paretoformer.records.target import Workload
from paretoformer.runtimes.base import Phase
from paretoformer.runtimes.conversion.checks import array
from paretoformer.runtimes.inputs import Inputs

Run = Callable[[Sequence[Any]], Sequence[Any]]
"""Runs a graph: arrays in the order of its inputs -> arrays in the order of its outputs."""


def graph_phases(
    open_graph: Callable[[Path], Run],
    folder: Path,
    leaves: Sequence[tuple[str, int | None]],
    inputs: Inputs,
    workload: Workload,
) -> Mapping[str, Phase]:
    """The phases of a workload from the graphs of a folder of conversions; `leaves` are a decode's, of its state."""
    values = [inputs.given] if inputs.source is None else [inputs.given, inputs.source.inputs]
    if workload.kind == "prefill":
        return _prefill(open_graph(folder / "forward.onnx"), [array(value) for value in values])
    first, step = (open_graph(folder / f"{name}.onnx") for name in ("first", "step"))
    context, others = inputs.given[:, : workload.length].contiguous(), values[1:]
    tokens = [array(token.contiguous()) for token in inputs.given[:, workload.length :].split(1, dim=1)]
    begin = [array(value) for value in (context, *others)]

    def first_token(_: object) -> Tensor:
        return torch.from_numpy(first(begin)[0])

    def after_context() -> list[Any]:
        made = iter(first(begin)[1:])
        return [next(made) if value is None else array(value) for _, value in leaves]

    def new_tokens(state: list[Any]) -> Tensor:
        for token in tokens:
            logits, *state = step((token, *state))
        return torch.from_numpy(logits)

    return {
        "first_token": Phase(setup=lambda: None, call=first_token),
        "latency": Phase(setup=after_context, call=new_tokens, units=workload.new),
    }


def _prefill(whole: Run, given: Sequence[Any]) -> Mapping[str, Phase]:
    def call(_: object) -> Tensor:
        return torch.from_numpy(whole(given)[0])

    return {"latency": Phase(setup=lambda: None, call=call)}
