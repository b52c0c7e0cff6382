"""OpenVINO: the graph of runtime onnx, compiled and run by Intel's library."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch

from paretoformer.records.signature import Signature
from paretoformer.records.target import Target
from paretoformer.runtimes.base import NotConvertible, Prepared, Runtime, first_line
from paretoformer.runtimes.conversion.files import LIMIT_S, converted, read_facts
from paretoformer.runtimes.conversion.running import Run, graph_phases
from paretoformer.runtimes.inputs import random_inputs
from paretoformer.runtimes.onnx import NEEDED, missing_packages, only_cpu
from paretoformer.runtimes.registry import register_runtime
from paretoformer.search_spaces.architecture import Architecture


@register_runtime("openvino")
class OpenVino(Runtime):
    """The conversions of runtime onnx, which share their files, in fp32: without being told so, OpenVINO takes bf16 where it can."""

    converts: ClassVar[bool] = True
    limit_s: ClassVar[float] = LIMIT_S

    def problem(self, device: str) -> str | None:
        """It needs the extra `openvino`, and runs on CPUs."""
        return missing_packages("openvino", ("openvino", *NEEDED), "openvino") or only_cpu("openvino", device)

    def precision_problem(self, device: str, precision: str) -> str | None:
        """fp32 alone is asked of it."""
        return None if precision == "fp32" else "runtime openvino runs fp32 here; use fp32, or runtime onnx for int8"

    def convert(self, architecture: Architecture, signature: Signature, target: Target, *, seed: int) -> None:
        """Fill the cache of conversions."""
        converted(architecture, signature, target, seed=seed)

    def prepare(self, architecture: Architecture, signature: Signature, target: Target, *, seed: int) -> Prepared:
        """The converted graphs compiled for the CPU; see the contract."""
        import openvino

        assert target.workload and target.threads, "targets are filled before they are prepared"
        torch.set_num_threads(target.threads)
        settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": target.threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
        }
        folder = converted(architecture, signature, target, seed=seed)
        facts = read_facts(folder)
        leaves = facts.pop("leaves", ())
        inputs = random_inputs(signature, target.workload, seed=seed)
        try:
            phases = graph_phases(lambda path: _run(openvino, path, settings), folder, leaves, inputs, target.workload)
        except RuntimeError as error:
            raise NotConvertible(f"OpenVINO cannot read what this model becomes: {first_line(error)}") from error
        return Prepared(phases=phases, facts={"openvino": openvino.get_version(), **facts})


def _run(openvino: Any, path: Path, settings: dict[str, Any]) -> Run:
    core = openvino.Core()
    request = core.compile_model(core.read_model(path), "CPU", settings).create_infer_request()

    def run(values: Sequence[Any]) -> Sequence[Any]:
        return list(request.infer(list(values), share_inputs=True).values())

    return run
