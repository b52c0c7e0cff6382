"""Pareto front and hypervolume of 10,000 points in 3 objectives, and `paretoformer --help`, in seconds of wall time.

    python benchmarks/front.py    # about 10 seconds

The front is our noise-aware one, beside moocore's plain filter on the medians in the same run.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from paretoformer.studies.front import Interval, front_indices, hypervolume, nondominated

POINTS, REPEATS = 10_000, 5
RESULTS = Path("benchmarks/results/front.json")


def median_seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median wall time of a call."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=RESULTS, help="where the figures are written (%(default)s)")
    given = parser.parse_args()
    values = np.random.default_rng(0).random((POINTS, 3))
    points = [tuple(Interval(value=v, low=0.98 * v, high=1.02 * v) for v in row) for row in values.tolist()]
    rows = {
        "plain front (moocore)": median_seconds(lambda: nondominated(values)),
        "noise-aware front": median_seconds(lambda: front_indices(points)),
        "hypervolume (moocore)": median_seconds(lambda: hypervolume(values, [1.0, 1.0, 1.0])),
        "paretoformer --help": median_seconds(
            lambda: subprocess.run([sys.executable, "-m", "paretoformer", "--help"], capture_output=True, check=True)
        ),
    }
    for name, seconds in rows.items():
        print(f"{name:24} {seconds:8.3f} s")
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps({"points": POINTS, "seconds": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
