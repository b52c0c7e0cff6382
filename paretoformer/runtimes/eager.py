"""The model as torch runs it, operation by operation."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from paretoformer.records.signature import Signature
from paretoformer.records.target import Target, Workload
from paretoformer.runtimes.base import NotConvertible, Phase, Prepared, Runtime, first_line
from paretoformer.runtimes.inputs import Inputs, random_inputs
from paretoformer.runtimes.quantised import quantisation_problem, quantised
from paretoformer.runtimes.registry import register_runtime
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Model

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
"""Precision: the type of weights, inputs and states."""


@register_runtime("eager")
class Eager(Runtime):
    """Weights in the target's precision, evaluation mode, inference mode, random input, and beside it a source at full length.
    int8 is torch's dynamic quantisation of linear layers; all else is in fp32 then.

    A prefill is one `forward` of the batch. A decode is a context read by one `extend` that answers at its last token
    (`first_token`, its empty state and reading the source included) and then one `extend` a new token (`latency`), from the
    state after the context, made outside the clock.
    """

    runs_kernels: ClassVar[bool] = True

    def precision_problem(self, device: str, precision: str) -> str | None:
        """What torch cannot compute, or not quantise for, on the device."""
        return quantisation_problem(device) if precision == "int8" else torch_problem(device, precision)

    def prepare(self, architecture: Architecture, signature: Signature, target: Target, *, seed: int) -> Prepared:
        """Phases of the workload; see the contract."""
        model, inputs = placed(architecture, signature, target, seed=seed)
        assert target.workload, "targets are filled before they are prepared"
        if target.precision == "int8":
            model = quantised(model)
        prefill = target.workload.kind == "prefill"
        phases = {"latency": _prefill(model, inputs)} if prefill else _decode(model, inputs, target.workload)
        if target.precision == "int8":
            _try(phases)
        return Prepared(phases=phases)


def torch_problem(device: str, precision: str) -> str | None:
    """Why torch should not compute in a precision on a device, as the end of a sentence.

    fp16 is slower than fp32 on a CPU by an order of magnitude.
    """
    if device == "cpu" and precision == "fp16":
        return "a CPU computes fp16 many times slower than fp32; use fp32 or bf16"
    if device == "cuda" and precision == "bf16" and not torch.cuda.is_bf16_supported():
        return "this GPU does not compute bf16; use fp32 or fp16"
    return None


def placed(architecture: Architecture, signature: Signature, target: Target, *, seed: int) -> tuple[Model, Inputs]:
    """The untrained model in evaluation mode and its input, on the target's device and in its precision, fp32 for int8.

    Sets the threads of the process.

    Raises:
        InvalidArchitecture: the architecture cannot serve the signature.
    """
    assert target.workload and target.precision and target.threads, "targets are filled before they are prepared"
    torch.set_num_threads(target.threads)
    model = build(architecture, signature, seed=seed).eval().requires_grad_(False)
    dtype = DTYPES.get(target.precision, torch.float32)
    inputs = random_inputs(signature, target.workload, seed=seed).to(target.device, dtype)
    return model.to(target.device, dtype), inputs


def _try(phases: Mapping[str, Phase]) -> None:
    try:
        for phase in phases.values():
            phase.calls(1)[0]()
    except (TypeError, RuntimeError, AttributeError) as error:
        reason = f"it computes with the weights of a linear layer itself ({first_line(error)})"
        raise NotConvertible(f"torch cannot quantise this model: {reason}; use fp32, or runtime onnx") from error


def _prefill(model: Model, inputs: Inputs) -> Phase:
    @torch.inference_mode()
    def whole(given: Tensor) -> Any:
        return model(given, source=inputs.source)

    return Phase(setup=lambda: inputs.given, call=whole)


def _decode(model: Model, inputs: Inputs, workload: Workload) -> Mapping[str, Phase]:
    context, tokens = inputs.given[:, : workload.length], inputs.given[:, workload.length :].split(1, dim=1)
    capacity = workload.length + workload.new

    @torch.inference_mode()
    def first_token(_: Any) -> Any:
        return model.extend(context, model.start(workload.batch, capacity, inputs.source), last=True)

    @torch.inference_mode()
    def new_tokens(state: Any) -> Tensor:
        for token in tokens:
            logits, state = model.extend(token, state)
        return logits

    def after_context() -> Any:
        return first_token(None)[1]

    return {
        "first_token": Phase(setup=lambda: None, call=first_token),
        "latency": Phase(setup=after_context, call=new_tokens, units=workload.new, consumes=True),
    }
