"""ONNX Runtime: the model as a graph that was converted once, run by another library's kernels."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import torch

from paretoformer.records.signature import Signature
from paretoformer.records.target import Target
from paretoformer.runtimes.base import Prepared, Runtime
from paretoformer.runtimes.conversion.checks import session
from paretoformer.runtimes.conversion.files import LIMIT_S, converted, read_facts
from paretoformer.runtimes.conversion.running import Run, graph_phases
from paretoformer.runtimes.inputs import random_inputs
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
        return missing_packages("onnx", NEEDED, "export") or only_cpu("onnx", device)

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
        threads = target.threads
        torch.set_num_threads(threads)
        folder = converted(architecture, signature, target, seed=seed)
        facts = read_facts(folder)
        leaves = facts.pop("leaves", ())
        inputs = random_inputs(signature, target.workload, seed=seed)
        phases = graph_phases(lambda path: _run(path, threads), folder, leaves, inputs, target.workload)
        return Prepared(phases=phases, facts={"onnxruntime": onnxruntime.__version__, **facts})


def missing_packages(runtime: str, needed: Sequence[str], extra: str) -> str | None:
    """Which of them are not installed, and the command that installs them, as the end of a sentence."""
    missing = [name for name in needed if find_spec(name) is None]
    return f"runtime {runtime} needs {', '.join(missing)}: pip install 'paretoformer[{extra}]'" if missing else None


def only_cpu(runtime: str, device: str) -> str | None:
    """Why another device cannot be used, as the end of a sentence."""
    return None if device == "cpu" else f"runtime {runtime} runs on cpu here, not on {device}"


def _run(path: Path, threads: int) -> Run:
    opened = session(path, threads)
    names = [each.name for each in opened.get_inputs()]

    def run(values: Sequence[Any]) -> Sequence[Any]:
        return opened.run(None, dict(zip(names, values, strict=True)))

    return run
