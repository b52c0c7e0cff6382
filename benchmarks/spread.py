"""Compares the repeat spread of `latency` (four paired visits in fresh processes) with that of a plain stopwatch.

The stopwatch is the median of 50 wall-clock runs in one process, after 10 to warm up. Both are repeated in turn, with the machine
as it is and with a child process that multiplies matrices without pause. Takes about half an hour at 20 repeats.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import fmean, median
from typing import Any

from paretoformer.hardware_models.calibration import Calibration
from paretoformer.hardware_models.devices import probe
from paretoformer.hardware_models.fresh_process import FreshVisit
from paretoformer.hardware_models.measuring import calibrate
from paretoformer.hardware_models.meters.base import Subject, Visit
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.hardware_models.targets import fill
from paretoformer.records.measurement import spread_percent
from paretoformer.records.signature import ClassOutput, ImageInput, Signature, TokenInput, TokenOutput
from paretoformer.records.target import Target, parse_target
from paretoformer.runtimes.registry import runtime
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.preset import load_preset

RESULTS = Path("benchmarks/results/spread.json")
BUSY = """
import os, torch
torch.set_num_threads(1)
parent, x = os.getppid(), torch.rand(512, 512)
while os.getppid() == parent:
    x @ x
"""
WARM_RUNS, RUNS = 10, 50
METER = LatencyMeter()
PRESETS = {"poolformer-small": "prefill/1/1", "llama-tiny": "decode/1/128/8", "vit-tiny": "prefill/1/1"}


def architecture(topology: str, stem: str, mixer: str) -> Architecture:
    """Three blocks of width 96, unlike the reference in mixer, width and depth."""
    block = [{"role": "mixer", "body": mixer, "norm": "rms"}, {"role": "feedforward", "body": "swiglu", "norm": "rms"}]
    stack = {"name": topology, "width": 96, "position": "learned", "blocks": [block] * 3}
    return Architecture.from_json({"topology": topology, "stem": stem, "stacks": [stack]})


def preset_subject(name: str) -> Subject:
    """A preset with the input and output it was published for."""
    preset = load_preset(name)
    return Subject(architecture=preset.architecture, signature=preset.signature)


CASES = {
    "small image encoder, prefill/1/1": Subject(
        architecture=architecture("encoder", "patches", "softmax"),
        signature=Signature(input=ImageInput(channels=1, height=8, width=8), output=ClassOutput(classes=10)),
    ),
    "small decoder, decode/1/128/32": Subject(
        architecture=architecture("decoder", "tokens", "linear"),
        signature=Signature(input=TokenInput(vocabulary=256, length=256), output=TokenOutput(vocabulary=256)),
    ),
    **{f"{name}, {workload}": preset_subject(name) for name, workload in PRESETS.items()},
}


def stopwatch_s(subject: Subject, target: Target) -> float:
    """Median wall seconds of one call or one new token."""
    assert target.runtime
    phase = runtime(target.runtime).prepare(subject.architecture, subject.signature, target, seed=0).phases["latency"]
    for _ in range(WARM_RUNS):
        phase.calls(1)[0]()
    walls = []
    for _ in range(RUNS):
        (call,) = phase.calls(1)
        start = time.perf_counter()
        call()
        walls.append(time.perf_counter() - start)
    return median(walls) / phase.units


def timed_visit(subject: Subject, target: Target) -> tuple[Visit, dict[str, float]]:
    """A fresh visit, and the seconds of its steps."""
    marks = [time.perf_counter()]
    with FreshVisit(METER, subject, target) as visit:
        marks.append(time.perf_counter())
        visit.ready()
        marks.append(time.perf_counter())
        found = visit.measure()
        marks.append(time.perf_counter())
    marks.append(time.perf_counter())
    steps = [later - earlier for earlier, later in zip(marks, marks[1:], strict=False)]
    return found, dict(zip(("start", "ready", "measure", "end"), steps, strict=True))


@contextmanager
def neighbour() -> Iterator[None]:
    """A child process that keeps a core busy."""
    with subprocess.Popen([sys.executable, "-c", BUSY]) as child:
        try:
            yield
        finally:
            child.kill()


def target_of(name: str, subject: Subject) -> Target:
    """The workload stands at the end of a case's name."""
    return fill(parse_target(f"cpu::::{name.split()[-1]}"), subject.signature)


def row_of(name: str, subject: Subject, calibration: Calibration, repeats: int, *, busy: bool) -> dict[str, Any]:
    """All repeats of one row."""
    target = target_of(name, subject)
    with neighbour() if busy else nullcontext():
        paired, plain, steps, foreign, noisy = [], [], [], [], 0
        for _ in range(repeats):
            visits, times = zip(*(timed_visit(subject, target) for _ in range(4)), strict=True)
            found = METER.summarise(visits, calibration)[0]
            paired.append(found.value)
            noisy += found.noisy
            steps += times
            foreign += found.conditions["foreign_cores"]
            plain.append(stopwatch_s(subject, target))
    return {
        "case": name,
        "neighbour": "busy" if busy else "none",
        "foreign_cores": round(median(foreign), 2),
        "latency_ms": round(1000 * median(paired), 4),
        "latency_spread_percent": round(spread_percent(tuple(paired)), 2),
        "stopwatch_ms": round(1000 * median(plain), 4),
        "stopwatch_spread_percent": round(spread_percent(tuple(plain)), 2),
        "noisy": noisy,
        "visit_s": {step: round(fmean(times[step] for times in steps), 3) for step in steps[0]},
        "latencies_s": paired,
        "stopwatch_s": plain,
    }


def main() -> None:
    """Run, print one table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--repeats", type=int, default=20, help="whole measurements of each row, at least 2 (%(default)s)"
    )
    parser.add_argument("--json", type=Path, default=RESULTS, help="where the figures are written (%(default)s)")
    given = parser.parse_args()
    repeats = given.repeats
    if repeats < 2:
        parser.error(f"--repeats is {repeats}, and one measurement has no spread; give 2 or more.")
    device = probe("cpu")
    print(
        f"{device.fingerprint['processor']}, {device.fingerprint['threads']} cores, torch {device.fingerprint['torch']}"
    )
    print(f"{repeats} repeats: about {round(repeats * 90 / 60, 1)} minutes")
    print(
        f"{'case':<34}{'neighbour':<11}{'foreign':>8}{'paired':>11}{'spread':>9}{'stopwatch':>11}{'spread':>9}{'ratio':>7}"
    )
    rows = []
    calibrations = {name: calibrate(target_of(name, subject), subject.signature) for name, subject in CASES.items()}
    for busy in (False, True):
        for name, subject in CASES.items():
            row = row_of(name, subject, calibrations[name], repeats, busy=busy)
            rows.append(row)
            ratio = row["stopwatch_spread_percent"] / max(row["latency_spread_percent"], 1e-9)
            print(
                f"{name:<34}{row['neighbour']:<11}{row['foreign_cores']:>8}{row['latency_ms']:>8} ms"
                f"{row['latency_spread_percent']:>7} %{row['stopwatch_ms']:>8} ms{row['stopwatch_spread_percent']:>7} %{ratio:>7.1f}",
                flush=True,
            )
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps({"device": device.fingerprint, "repeats": repeats, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
