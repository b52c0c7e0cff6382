"""torch.compile: the model as kernels that torch's inductor writes for it."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, ClassVar

import torch
from torch import Tensor

from paretoformer.records.signature import Signature
from paretoformer.records.target import Target, Workload
from paretoformer.runtimes.base import NotConvertible, Phase, Prepared, Runtime, first_line
from paretoformer.runtimes.conversion.graphs import FirstTokens, NextTokens, Whole
from paretoformer.runtimes.conversion.state import Leaf, leaves
from paretoformer.runtimes.eager import placed, torch_problem
from paretoformer.runtimes.inputs import Inputs
from paretoformer.runtimes.registry import register_runtime
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.contract import Model

WARM_CALLS = 2


@register_runtime("compile")
class Compile(Runtime):
    """Compiled for the workload's very sizes, in the process that is timed, before it is; weights and input as eager's.

    Of a decode the context and one new token are compiled apart. Whole numbers of the state (the position) are constants in the
    first compilation of a token and variables in the second, which serves all further ones. The facts say how long compiling
    took, how many graphs it made, and how often it had to leave the graph for Python. What torch compiled before it reads
    from its cache.
    """

    runs_kernels: ClassVar[bool] = True
    limit_s: ClassVar[float] = 600.0

    def problem(self, device: str) -> str | None:
        """Inductor writes C++ for CPUs and Triton for GPUs."""
        if device == "cuda":
            return None if find_spec("triton") else "runtime compile needs triton on a GPU: pip install triton"
        name = os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")
        found = shutil.which(name)
        return (
            None if found else f"runtime compile needs a C++ compiler, and there is no {name}; install one or set CXX"
        )

    def precision_problem(self, device: str, precision: str) -> str | None:
        """As eager's, but for int8."""
        if precision == "int8":
            return "runtime compile does not quantise; use fp32 or bf16, or runtime eager or onnx"
        return torch_problem(device, precision)

    def prepare(self, architecture: Architecture, signature: Signature, target: Target, *, seed: int) -> Prepared:
        """Phases of the workload, compiled; see the contract."""
        model, inputs = placed(architecture, signature, target, seed=seed)
        assert target.workload, "targets are filled before they are prepared"
        prefill = target.workload.kind == "prefill"
        torch.compiler.reset()
        began, before = time.perf_counter(), _counted()
        phases = _prefill(model, inputs) if prefill else _decode(model, inputs, target.workload)
        try:
            with torch._inductor.config.patch(compile_threads=1):
                for phase in phases.values():
                    for call in phase.calls(WARM_CALLS):
                        call()
        except Exception as error:  # whatever a choice does that dynamo or inductor cannot follow
            raise NotConvertible(f"this model cannot be compiled: {first_line(error.__cause__ or error)}") from error
        found = {name: number - before[name] for name, number in _counted().items()}
        return Prepared(phases=phases, facts={"compiling_s": time.perf_counter() - began, **found})


def _prefill(model: Model, inputs: Inputs) -> Mapping[str, Phase]:
    whole = _compiled(Whole(model))
    source = _source(inputs)

    @torch.inference_mode()
    def call(given: Tensor) -> Any:
        return whole(given, source)

    return {"latency": Phase(setup=lambda: inputs.given, call=call)}


def _decode(model: Model, inputs: Inputs, workload: Workload) -> Mapping[str, Phase]:
    first = FirstTokens(model, capacity=workload.length + workload.new)
    context, source = inputs.given[:, : workload.length].contiguous(), _source(inputs)
    tokens = [token.contiguous() for token in inputs.given[:, workload.length :].split(1, dim=1)]
    with torch.inference_mode():
        like = first.state_after(context, source)[1]
    begin, step = _compiled(first), _compiled(NextTokens(model, like))

    @torch.inference_mode()
    def first_token(_: object) -> Any:
        return begin(context, source)

    @torch.inference_mode()
    def after_context() -> list[Leaf]:
        return leaves(first.state_after(context, source)[1])

    @torch.inference_mode()
    def new_tokens(state: list[Leaf]) -> Any:
        for token in tokens:
            logits, state = step(token, state)
        return logits

    return {
        "first_token": Phase(setup=lambda: None, call=first_token),
        "latency": Phase(setup=after_context, call=new_tokens, units=workload.new, consumes=True),
    }


def _compiled(module: torch.nn.Module) -> Callable[..., Any]:
    return torch.compile(module.eval())


def _source(inputs: Inputs) -> Tensor | None:
    return None if inputs.source is None else inputs.source.inputs


def _counted() -> dict[str, int]:
    """What torch has counted in this process."""
    from torch._dynamo.utils import counters

    return {"graphs": counters["stats"]["unique_graphs"], "graph_breaks": sum(counters["graph_break"].values())}
