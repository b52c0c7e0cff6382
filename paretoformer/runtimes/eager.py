"""The model as torch runs it, operation by operation."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from paretoformer.records.signature import ImageInput, Input, SeriesInput, Signature
from paretoformer.records.target import Target, Workload
from paretoformer.runtimes.base import Phase, Runtime
from paretoformer.runtimes.registry import register_runtime
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Model, Source

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
"""Precision: the type of weights, inputs and states."""


@register_runtime("eager")
class Eager(Runtime):
    """Weights in the target's precision, evaluation mode, inference mode, random input, and beside it a source at full length.

    A prefill is one `forward` of the batch. A decode is a context read by one `extend` (`first_token`, its empty state
    and reading the source included) and then one `extend` a new token (`latency`), from the state after the context,
    made outside the clock.
    """

    def precision_problem(self, device: str, precision: str) -> str | None:
        """fp16 is slower than fp32 on a CPU by an order of magnitude; int8 needs a runtime that quantises."""
        if precision not in DTYPES:
            return f"runtime eager does not quantise; use {'fp32 or bf16' if device == 'cpu' else ', '.join(DTYPES)}"
        if device == "cpu" and precision == "fp16":
            return "a CPU computes fp16 many times slower than fp32; use fp32 or bf16"
        if device == "cuda" and precision == "bf16" and not torch.cuda.is_bf16_supported():
            return "this GPU does not compute bf16; use fp32 or fp16"
        return None

    def prepare(
        self, architecture: Architecture, signature: Signature, target: Target, *, seed: int
    ) -> Mapping[str, Phase]:
        """Phases of the workload; see the contract."""
        assert target.workload and target.precision and target.threads, "targets are filled before they are prepared"
        torch.set_num_threads(target.threads)
        model = build(architecture, signature, seed=seed).eval().requires_grad_(False)
        model = model.to(target.device, DTYPES[target.precision])
        generator = torch.Generator().manual_seed(seed)
        inputs = _random(signature.input, target, generator, length=target.workload.length + target.workload.new)
        source = Source(_random(signature.source, target, generator)) if signature.source else None
        if target.workload.kind == "prefill":
            return {"latency": _prefill(model, inputs, source)}
        return _decode(model, inputs, source, target.workload)


def _random(given: Input, target: Target, generator: torch.Generator, length: int | None = None) -> Tensor:
    """Images (B, C, H, W), numbers (B, length, C) or ids (B, length), as many as there can be unless `length` is told."""
    assert target.workload and target.precision
    batch = target.workload.batch
    if isinstance(given, ImageInput):
        images = torch.rand(batch, given.channels, given.height, given.width, generator=generator)
        return images.to(target.device, DTYPES[target.precision])
    if isinstance(given, SeriesInput):
        numbers = torch.randn(batch, length or given.length, given.channels, generator=generator)
        return numbers.to(target.device, DTYPES[target.precision])
    shape = (batch, length or given.length)
    return torch.randint(given.vocabulary, shape, generator=generator).to(target.device)


def _prefill(model: Model, inputs: Tensor, source: Source | None) -> Phase:
    @torch.inference_mode()
    def whole(given: Tensor) -> Any:
        return model(given, source=source)

    return Phase(setup=lambda: inputs, call=whole)


def _decode(model: Model, ids: Tensor, source: Source | None, workload: Workload) -> Mapping[str, Phase]:
    context, tokens = ids[:, : workload.length], ids[:, workload.length :].split(1, dim=1)
    capacity = workload.length + workload.new

    @torch.inference_mode()
    def first_token(_: Any) -> Any:
        return model.extend(context, model.start(workload.batch, capacity, source))

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
