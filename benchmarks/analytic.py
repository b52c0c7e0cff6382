"""Times counting 1,000 architectures, and compares the roofline's latency with the measured one on this processor.

Measured latency is that of `measure` (four paired visits in fresh processes), the roofline's rates are peaks measured in the same
run, both with one thread; beside the roofline stand the MACs alone. Takes about 8 minutes.
"""

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from paretoformer.hardware_models.datasheets.catalogue import VARIABLE
from paretoformer.hardware_models.devices import probe
from paretoformer.hardware_models.measuring import calibrate, measure, take_visit
from paretoformer.hardware_models.meters.base import Meter, Subject
from paretoformer.hardware_models.meters.energy_model import EnergyModelMeter
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.hardware_models.meters.roofline import RooflineMeter
from paretoformer.hardware_models.peak_measuring import take_peaks
from paretoformer.hardware_models.peaks import Peaks, keep_peaks
from paretoformer.hardware_models.targets import fill
from paretoformer.records.signature import ClassOutput, ImageInput, Signature, TokenInput, TokenOutput
from paretoformer.records.target import parse_target
from paretoformer.search_spaces.catalogue import load_space
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.layer_counts import layer_counts, step_counts
from paretoformer.search_spaces.preset import load_preset, preset_names
from paretoformer.studies.rank_correlation import kendall

RESULTS = Path("benchmarks/results/analytic.json")
TEXT = Signature(input=TokenInput(vocabulary=256, length=256), output=TokenOutput(vocabulary=256))
IMAGES = Signature(input=ImageInput(channels=3, height=32, width=32), output=ClassOutput(classes=10))
LARGE_IMAGES = Signature(input=ImageInput(channels=3, height=224, width=224), output=ClassOutput(classes=1000))
PRESETS = "presets"
CASES = {
    "hybrid decoders, prefill/1/256": ("hybrid", TEXT),
    "hybrid decoders, decode/1/128/16": ("hybrid", TEXT),
    "vision mixers, prefill/1/1": ("vision-mixers", IMAGES),
    "presets of images, prefill/1/1": (PRESETS, LARGE_IMAGES),
}
"""Case, with its workload at the end: a space or all presets of the signature, and the signature."""
MOST_MACS = 5e9
"""Of a preset: what is timed in seconds, not minutes."""
COUNTED = 1_000
BOARD = "raspberry-pi-4"


def published(signature: Signature) -> list[Subject]:
    """The presets of a signature that are not too large."""
    found = (load_preset(name) for name in preset_names())
    subjects = (
        Subject(architecture=each.architecture, signature=signature) for each in found if each.signature == signature
    )
    return [each for each in subjects if count(each.architecture, signature).macs <= MOST_MACS]


def drawn(space: str, signature: Signature, number: int) -> list[Subject]:
    """Different valid architectures of a space."""
    found, rng, points = load_space(space), random.Random(0), {}
    while len(points) < number:
        point = found.sample(rng)
        if not found.explain(point, signature):
            architecture = found.decode(point).architecture
            points[architecture.digest] = Subject(architecture=architecture, signature=signature)
    return list(points.values())


def counting() -> Iterator[dict[str, Any]]:
    """CPU seconds of each count of all architectures."""
    subjects = drawn("hybrid", TEXT, COUNTED)
    decode = fill(parse_target(f"{BOARD}::::decode/1/128/16"), TEXT)
    prefill = fill(parse_target(BOARD), TEXT)

    def visiting(meter: Meter, target: Any) -> Callable[[Subject], object]:
        return lambda each: meter.visit(each, target)

    ways: dict[str, Callable[[Subject], object]] = {
        "count": lambda each: count(each.architecture, each.signature),
        "layer_counts": lambda each: layer_counts(each.architecture, each.signature),
        "step_counts of one token": lambda each: step_counts(each.architecture, each.signature, 128),
        "roofline, prefill": visiting(RooflineMeter(), prefill),
        "roofline, decode of 16 tokens": visiting(RooflineMeter(), decode),
        "energy, prefill": visiting(EnergyModelMeter(), prefill),
    }
    for name, way in ways.items():
        began = time.process_time()
        for subject in subjects:
            way(subject)
        yield {"what": name, "architectures": COUNTED, "cpu_s": round(time.process_time() - began, 3)}


def comparison(name: str, number: int) -> dict[str, Any]:
    """Modelled beside measured latency of some architectures on one workload."""
    space, signature = CASES[name]
    run, modelled = (
        fill(parse_target(f"{target}::{'' if target.endswith('roofline') else ':'}:{name.split()[-1]}"), signature)
        for target in ("cpu", "cpu:roofline")
    )
    meter, rows = LatencyMeter(), []
    calibration = calibrate(run, signature, meter=meter)
    subjects = published(signature) if space == PRESETS else drawn(space, signature, number)
    for subject in subjects:
        (found, *_) = measure(meter, subject, run, calibration=calibration)
        visit = take_visit(RooflineMeter(), subject, modelled)
        macs = sum(part.macs for part in layer_counts(subject.architecture, signature))
        rows.append(
            {
                "measured_s": found.value,
                "noisy": found.noisy,
                "modelled_s": visit.readings["latency"],
                "macs": macs,
                "mixers": sorted(set(subject.architecture.mixers())),
            }
        )
    measured = [row["measured_s"] for row in rows]
    ratios = sorted(row["measured_s"] / row["modelled_s"] for row in rows)
    return {
        "case": name,
        "architectures": len(subjects),
        "tau_roofline": round(kendall([row["modelled_s"] for row in rows], measured), 3),
        "tau_macs": round(kendall([float(row["macs"]) for row in rows], measured), 3),
        "ratio_median": round(median(ratios), 2),
        "ratio_least": round(ratios[0], 2),
        "ratio_most": round(ratios[-1], 2),
        "noisy": sum(row["noisy"] for row in rows),
        "rows": rows,
    }


def main() -> None:
    """Run, print two tables, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architectures", type=int, default=20, help="of each comparison (%(default)s)")
    parser.add_argument("--json", type=Path, default=RESULTS, help="where the figures are written (%(default)s)")
    given = parser.parse_args()
    device = probe("cpu")
    print(
        f"{device.fingerprint['processor']}, {device.fingerprint['threads']} cores, torch {device.fingerprint['torch']}"
    )
    counted = []
    for row in counting():
        counted.append(row)
        print(f"{row['what']:<34}{row['architectures']:>6}{row['cpu_s']:>9} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[VARIABLE] = folder
        peaks = take_peaks(device)
        keep_peaks(peaks)
        compared = list(_compared(given.architectures))
    given.json.parent.mkdir(parents=True, exist_ok=True)
    value = {"device": device.fingerprint, "counting": counted, "peaks": _rates(peaks), "compared": compared}
    given.json.write_text(json.dumps(value, indent=1) + "\n")


def _compared(number: int) -> Iterator[dict[str, Any]]:
    print(f"{'case':<34}{'tau':>6}{'by MACs':>9}{'measured/modelled':>19}{'noisy':>7}")
    for name in CASES:
        row = comparison(name, number)
        ratio = f"{row['ratio_median']} ({row['ratio_least']}-{row['ratio_most']})"
        print(f"{name:<34}{row['tau_roofline']:>6}{row['tau_macs']:>9}{ratio:>19}{row['noisy']:>7}", flush=True)
        yield row


def _rates(peaks: Peaks) -> dict[str, Any]:
    return {name: value for name, value in peaks.to_json().items() if name != "device"}


if __name__ == "__main__":
    main()
