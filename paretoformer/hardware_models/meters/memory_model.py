"""Memory of a target that nothing runs on: weights, state, and the counted peak of activations."""

from dataclasses import dataclass
from typing import Any, ClassVar

from paretoformer.hardware_models.analytic import ROOFLINE
from paretoformer.hardware_models.analytic.work import input_tokens
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.modelled import ModelledMeter
from paretoformer.hardware_models.meters.registry import register_meter
from paretoformer.records.errors import Unavailable
from paretoformer.records.target import Target
from paretoformer.search_spaces.activations import beginning_bytes, peak_activation_bytes
from paretoformer.search_spaces.layer_count import WIDTHS
from paretoformer.search_spaces.layer_counts import layer_counts


@register_meter
@dataclass(frozen=True, kw_only=True)
class MemoryModelMeter(ModelledMeter):
    """All weights, the state after the last token of a decode, and the most activations that are alive at once beside it.

    The pass is of the whole batch, over the prefill's tokens or the decode's context. What a library needs beside is left out.
    """

    method: ClassVar[str] = "sum-of-bytes"
    method_version: ClassVar[int] = 2
    quantities: ClassVar[tuple[str, ...]] = ("memory",)

    def available(self, target: Target) -> None:
        """Where a model can be run its memory is measured."""
        if target.runtime != ROOFLINE:
            raise Unavailable(f"it is for runtime {ROOFLINE}, and the target has {target.runtime}")

    def modelled(self, subject: Subject, target: Target) -> tuple[dict[str, float], dict[str, Any]]:
        """Bytes."""
        assert target.workload and target.precision
        workload, widths = target.workload, WIDTHS[target.precision]
        architecture, signature = subject.architecture, subject.signature
        end = input_tokens(subject, workload.length + workload.new)
        parts = layer_counts(architecture, signature, end, precision=target.precision)
        weights = widths.weights * sum(part.params for part in parts)
        if workload.kind == "decode":
            state = sum(part.state_bytes for part in parts)
            alive = beginning_bytes(architecture, signature, workload.length, workload.length + workload.new)
            peak = max(0, widths.narrowed(alive) - state)
        else:
            state, peak = 0, widths.narrowed(peak_activation_bytes(architecture, signature, workload.length))
        state, activations = workload.batch * state, workload.batch * peak
        conditions = {"weight_bytes": weights, "state_bytes": state, "activation_bytes": activations}
        return {"memory": float(weights + state + activations)}, conditions
