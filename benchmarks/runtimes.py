"""Compares runtimes: the time of a call, and the memory, under each beside eager in fp32, on one thread of a CPU.

All runtimes of a case are prepared in one process and timed in turns with eager, block by block, by the CPU time of the thread; a
ratio is the median of the pairs. Memory is the meter's, in a fresh process. Takes about 5 minutes on a calm machine.
"""

import argparse
import json
from operator import attrgetter
from pathlib import Path
from statistics import median
from typing import Any

from paretoformer.hardware_models.alternation import Pace, alternate, median_ratio, warmed
from paretoformer.hardware_models.devices import probe
from paretoformer.hardware_models.measuring import take_visit
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.memory import MemoryMeter
from paretoformer.hardware_models.stopwatch import thread_time
from paretoformer.hardware_models.targets import fill
from paretoformer.records.errors import UserError
from paretoformer.records.signature import ClassOutput, ImageInput, Signature, TokenInput, TokenOutput
from paretoformer.records.target import Target, parse_target
from paretoformer.runtimes.base import NotConvertible, Prepared
from paretoformer.runtimes.registry import runtime
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.preset import load_preset

RESULTS = Path("benchmarks/results/runtimes.json")
PACE = Pace(warmup_s=0.1, window_s=2.0, least_pairs=9)
WAYS = ("eager:int8", "compile:fp32", "onnx:fp32", "onnx:int8", "openvino:fp32")


def architecture(topology: str, stem: str, width: int, depth: int) -> Architecture:
    """Blocks of softmax attention and a GELU feed-forward."""
    block = [
        {"role": "mixer", "body": "softmax", "norm": "layer"},
        {"role": "feedforward", "body": "gelu", "norm": "layer"},
    ]
    stack = {"name": topology, "width": width, "position": "learned", "blocks": [block] * depth}
    return Architecture.from_json({"topology": topology, "stem": stem, "stacks": [stack]})


_VIT = load_preset("vit-tiny")
_DECODER = Subject(
    architecture=architecture("decoder", "tokens", 128, 4),
    signature=Signature(input=TokenInput(vocabulary=256, length=256), output=TokenOutput(vocabulary=256)),
)
CASES = {
    "image encoder of width 96, 3 blocks, 8 x 8, prefill/1/1": Subject(
        architecture=architecture("encoder", "patches", 96, 3),
        signature=Signature(input=ImageInput(channels=1, height=8, width=8), output=ClassOutput(classes=10)),
    ),
    "vit-tiny, prefill/1/1": Subject(architecture=_VIT.architecture, signature=_VIT.signature),
    "decoder of width 128, 4 blocks, prefill/1/256": _DECODER,
    "decoder of width 128, 4 blocks, decode/1/128/32": _DECODER,
}


def target_of(name: str, way: str, subject: Subject) -> Target:
    """The workload stands at the end of a case's name."""
    return fill(parse_target(f"cpu:{way}:1:{name.split()[-1]}"), subject.signature)


def prepared(subject: Subject, target: Target) -> Prepared:
    """By the target's runtime."""
    assert target.runtime
    return runtime(target.runtime).prepare(subject.architecture, subject.signature, target, seed=0)


def row_of(name: str, way: str, subject: Subject, eager: Prepared) -> dict[str, Any]:
    """One runtime beside eager; where it cannot be had, why."""
    try:
        target = target_of(name, way, subject)
        found = prepared(subject, target)
    except (UserError, NotConvertible) as error:
        return {"case": name, "runtime": way, "missing": str(error)}
    ratios, milliseconds = {}, {}
    for quantity, phase in found.phases.items():
        sides = [(each, warmed(each, thread_time, PACE)) for each in (phase, eager.phases[quantity])]
        pairs = alternate(sides[0], sides[1], thread_time, PACE)
        ratios[quantity] = round(median_ratio(pairs, attrgetter("busy")), 3)
        milliseconds[quantity] = [
            round(1000 * median(attrgetter(f"{side}.busy")(pair) for pair in pairs) / phase.units, 4)
            for side in ("model", "reference")
        ]
    memory = take_visit(MemoryMeter(), subject, target).readings["memory"]
    return {
        "case": name,
        "runtime": way,
        "ratio_to_eager": ratios,
        "ms_and_eagers": milliseconds,
        "memory_mb": round(memory / 1e6, 2),
        "facts": dict(found.facts),
    }


def main() -> None:
    """Run, print one table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=RESULTS, help="where the figures are written (%(default)s)")
    given = parser.parse_args()
    device = probe("cpu")
    print(
        f"{device.fingerprint['processor']}, torch {device.fingerprint['torch']}, one thread; CPU time beside eager fp32"
    )
    print(f"{'case':<58}{'runtime':<15}{'ratio':>8}{'ms':>10}{'first token':>13}{'memory':>11}")
    rows = []
    for name, subject in CASES.items():
        target = target_of(name, "eager:fp32", subject)
        eager = prepared(subject, target)
        memory = take_visit(MemoryMeter(), subject, target).readings["memory"]
        rows.append({"case": name, "runtime": "eager:fp32", "memory_mb": round(memory / 1e6, 2)})
        print(f"{name:<58}{'eager:fp32':<15}{1:>8}{'':>10}{'':>13}{memory / 1e6:>8.1f} MB", flush=True)
        for way in WAYS:
            row = row_of(name, way, subject, eager)
            rows.append(row)
            if "missing" in row:
                print(f"{name:<58}{way:<15}{row['missing']}", flush=True)
                continue
            ratio, first = row["ratio_to_eager"]["latency"], row["ratio_to_eager"].get("first_token", "")
            print(
                f"{name:<58}{way:<15}{ratio:>8}{row['ms_and_eagers']['latency'][0]:>10}{first:>13}{row['memory_mb']:>8} MB",
                flush=True,
            )
    given.json.write_text(json.dumps({"device": device.fingerprint, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
