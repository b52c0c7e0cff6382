"""ONNX Runtime: the model as a graph that was converted once, run by another library's kernels."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any, ClassVar

import torch
from torch import Tensor

from paretoformer.records.signature import Signature
from paretoformer.records.target import Target, Workload
from paretoformer.runtimes.base import Phase, Prepared, Runtime
from paretoformer.runtimes.conversion.checks import array, session
from paretoformer.runtimes.conversion.files import LIMIT_S, converted, read_facts
from paretoformer.runtimes.conversion.state import Leaf
from paretoformer.runtimes.inputs import Inputs, random_inputs
from paretoformer.runtimes.registry import register_runtime
from paretoformer.search_spaces.architecture import Architecture

NEEDED = ("onnx", "onnxscript", "onnxruntime")


@register_runtime("onnx")
class Onnx(Runtime):
    """The untrained model converted for the workload's very sizes, weights and input random as eager's.

    Conversion happens in another process and is kept; here a session is opened, as a user would. A decode has a graph that
    reads the context and one that takes a token and the state; the state is passed from call to call, and a call writes a
    new one, whatever of it the token changes. int8 is dynamic: weights of matrix products in 8 bits, made from fp32.
    """

    converts: ClassVar[bool] = True
    limit_s: ClassVar[float] = LIMIT_S

    def problem(self, device: str) -> str | None:
        """It needs the extra `export`, and runs on CPUs."""
        missing = [name for name in NEEDED if find_spec(name) is None]
        if missing:
            return f"runtime onnx needs {', '.join(missing)}: pip install 'paretoformer[export]'"
        return None if device == "cpu" else f"runtime onnx runs on cpu here, not on {device}"

    def precision_problem(self, device: str, precision: str) -> str | None:
        """ONNX Runtime's kernels for CPUs are for fp32 and int8."""
        if precision in ("fp32", "int8"):
            return None
        return f"ONNX Runtime has no kernels of {precision} for a CPU; use fp32 or int8"

    def convert(self, architecture: Architecture, signature: Signature, target: Target, *, seed: int) -> None:
        """Fill the cache of conversions."""
        converted(architecture, signature, target, seed=seed)

    def prepare(self, architecture: Architecture, signature: Signature, target: Target, *, seed: int) -> Prepared:
        """Sessions of the converted graphs; see the contract."""
        import onnxruntime

        assert target.workload and target.threads, "targets are filled before they are prepared"
        torch.set_num_threads(target.threads)
        folder = converted(architecture, signature, target, seed=seed)
        found = read_facts(folder)
        inputs = random_inputs(signature, target.workload, seed=seed)
        if target.workload.kind == "prefill":
            phases = _prefill(session(folder / "forward.onnx", target.threads), inputs)
        else:
            sessions = [session(folder / f"{name}.onnx", target.threads) for name in ("first", "step")]
            phases = _decode(sessions[0], sessions[1], found.pop("leaves"), inputs, target.workload)
        return Prepared(phases=phases, facts={"onnxruntime": onnxruntime.__version__, **found})


def _prefill(opened: Any, inputs: Inputs) -> Mapping[str, Phase]:
    given = _feed(opened, _values(inputs))

    def whole(_: object) -> Tensor:
        return torch.from_numpy(opened.run(None, given)[0])

    return {"latency": Phase(setup=lambda: None, call=whole)}


def _decode(
    first: Any, step: Any, leaves: Sequence[tuple[str, int | None]], inputs: Inputs, workload: Workload
) -> Mapping[str, Phase]:
    ids = inputs.given
    context, *others = _values(inputs)
    begin = _feed(first, (context[:, : workload.length].contiguous(), *others))
    tokens = [array(token) for token in ids[:, workload.length :].split(1, dim=1)]
    names = [each.name for each in step.get_inputs()]

    def first_token(_: object) -> Tensor:
        return torch.from_numpy(first.run(None, begin)[0])

    def after_context() -> list[Any]:
        made = iter(first.run(None, begin)[1:])
        return [next(made) if value is None else array(value) for _, value in leaves]

    def new_tokens(state: list[Any]) -> Tensor:
        for token in tokens:
            logits, *state = step.run(None, dict(zip(names, (token, *state), strict=True)))
        return torch.from_numpy(logits)

    return {
        "first_token": Phase(setup=lambda: None, call=first_token),
        "latency": Phase(setup=after_context, call=new_tokens, units=workload.new),
    }


def _values(inputs: Inputs) -> tuple[Tensor, ...]:
    return (inputs.given,) if inputs.source is None else (inputs.given, inputs.source.inputs)


def _feed(opened: Any, values: Sequence[Leaf]) -> dict[str, Any]:
    names = [each.name for each in opened.get_inputs()]
    return dict(zip(names, map(array, values), strict=True))
