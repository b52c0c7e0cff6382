"""The process that converts one model, so that what the exporter keeps in memory is in nobody's measurement.

It reads its job as a line of JSON, writes into the job's folder, and ends when its caller does.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import torch

from paretoformer.records.errors import UserError
from paretoformer.records.json_file import write_json
from paretoformer.records.signature import Signature
from paretoformer.records.target import parse_target
from paretoformer.runtimes.base import NotConvertible
from paretoformer.runtimes.conversion.converting import OPSET, decode_to_onnx, to_onnx
from paretoformer.runtimes.conversion.files import FACTS_FILE, REFUSAL_FILE
from paretoformer.runtimes.conversion.quantising import quantise
from paretoformer.runtimes.inputs import random_inputs
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build


def convert(job: dict[str, Any]) -> None:
    """Leave graphs and facts in the job's folder, or a refusal."""
    torch.set_num_threads(1)
    folder, target = Path(job["folder"]), parse_target(job["target"])
    signature = Signature.from_json(job["signature"])
    assert target.workload
    began = time.perf_counter()
    model = build(Architecture.from_json(job["architecture"]), signature, seed=job["seed"]).eval().requires_grad_(False)
    inputs = random_inputs(signature, target.workload, seed=job["seed"])
    facts: dict[str, Any] = {"opset": OPSET, "shapes": "fixed"}
    try:
        if target.workload.kind == "prefill":
            paths = [to_onnx(model, inputs, folder / "forward.onnx", fixed=True).path]
        else:
            graphs = decode_to_onnx(model, inputs, target.workload.length, folder)
            paths = [graphs.first, graphs.step]
            facts["leaves"] = graphs.leaves
        if target.precision == "int8":
            facts["quantised_products"] = [quantise(path) for path in paths]
    except NotConvertible as error:
        write_json(folder / REFUSAL_FILE, {"reason": str(error)})
        return
    write_json(folder / FACTS_FILE, {**facts, "converting_s": time.perf_counter() - began})


def _end_with_caller() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    given = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_caller, daemon=True).start()
    try:
        convert(given)
    except UserError as error:
        write_json(Path(given["folder"]) / REFUSAL_FILE, {"reason": str(error)})
