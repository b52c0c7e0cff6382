"""Measures the latency of 40 sampled architectures twice, all of them before any again, and tells how alike the two orders are.

Architectures are those of spaces vision (for digits) and decoder (for python-docs), 20 each, drawn with a fixed seed; each measurement is
the meter's own, four visits in fresh processes. Prints Kendall's tau within each space (the aim is .95) and of a stopwatch in the same
runs, and the seconds of one measurement. Takes about 5 minutes.
"""

import argparse
import json
import random
import time
from pathlib import Path
from statistics import median
from typing import Any

from scipy.stats import kendalltau

from paretoformer.evaluators.open_task import open_task
from paretoformer.hardware_models.calibration import Calibration
from paretoformer.hardware_models.devices import probe
from paretoformer.hardware_models.measuring import calibrate, take_visit
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.hardware_models.targets import fill
from paretoformer.records.target import Target, parse_target
from paretoformer.search_spaces.catalogue import load_space

RESULTS = Path("benchmarks/results/ranking.json")
SPACES = {"vision": "digits", "decoder": "python-docs"}
SEED, EACH = 7, 20
METER = LatencyMeter()


def drawn(space: str, each: int) -> tuple[list[Subject], Target]:
    """Valid architectures of a space for its task, all different, and the target that they are timed on."""
    signature = open_task(SPACES[space]).signature
    loaded, rng = load_space(space), random.Random(SEED)
    found: dict[str, Subject] = {}
    while len(found) < each:
        point = loaded.sample(rng)
        if not loaded.explain(point, signature):
            architecture = loaded.decode(point).architecture
            found[architecture.digest] = Subject(architecture=architecture, signature=signature)
    return list(found.values()), fill(parse_target("cpu"), signature)


def measured(subject: Subject, target: Target, calibration: Calibration) -> dict[str, float]:
    """Seconds by the meter, by the wall clock of its first visit, and that it took."""
    began = time.perf_counter()
    visits = [take_visit(METER, subject, target) for _ in range(METER.visits_before + METER.visits_after)]
    (found,) = METER.summarise(visits, calibration)
    return {
        "latency_s": found.value,
        "stopwatch_s": visits[0].readings["latency"]["model_wall_s"],
        "took_s": time.perf_counter() - began,
        "noisy": found.noisy,
    }


def compared(space: str, each: int) -> dict[str, Any]:
    """Both runs over the architectures of a space."""
    subjects, target = drawn(space, each)
    calibration = calibrate(target, subjects[0].signature)
    runs = [[measured(subject, target, calibration) for subject in subjects] for _ in range(2)]
    taus = {
        name: round(float(kendalltau(*([row[name] for row in run] for run in runs)).statistic), 3)
        for name in ("latency_s", "stopwatch_s")
    }
    rows = [row for run in runs for row in run]
    return {
        "space": space,
        "target": str(target),
        "architectures": each,
        "tau": taus["latency_s"],
        "stopwatch_tau": taus["stopwatch_s"],
        "range_of_latencies": round(max(r["latency_s"] for r in rows) / min(r["latency_s"] for r in rows), 1),
        "noisy": sum(bool(row["noisy"]) for row in rows),
        "seconds_of_one": round(median(row["took_s"] for row in rows), 2),
        "runs": runs,
    }


def main() -> None:
    """Print one line a space, and keep all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=EACH, help="architectures of a space")
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    found = []
    for space in SPACES:
        row = compared(space, asked.each)
        found.append(row)
        print(", ".join(f"{name} {value}" for name, value in row.items() if name != "runs"), flush=True)
    asked.out.write_text(json.dumps({"device": probe("cpu").fingerprint, "spaces": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
