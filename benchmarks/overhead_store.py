"""Compares what the store costs a trial among the first thousand of a study with what it costs among the last.

A trial is reserved, proposed, set running, given a heartbeat and ended: five transactions. Run:
python benchmarks/overhead_store.py [--trials 10000] [--storage URL] [--json FILE]
"""

import argparse
import json
import platform
import tempfile
import time
from pathlib import Path

from paretoformer.records.trial import TrialState
from paretoformer.store import Store

GROUP = 1_000
POINT = {f"encoder.mixer[{layer}]": "softmax" for layer in range(8)}


def main() -> None:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--storage", help="an empty database; the default is a new SQLite file")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = arguments.storage or f"sqlite:///{folder}/store.db"
        with Store.open(url) as store:
            figures = measure(store, arguments.trials)
    device = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    print(f"{url.partition(':')[0]} on {device}\ntrials      wall ms  CPU ms  CPU / first")
    for figure in figures:
        ratio = figure["cpu_ms"] / figures[0]["cpu_ms"]
        print(f"{figure['trials']:>8}  {figure['wall_ms']:8.3f}{figure['cpu_ms']:8.3f}  {ratio:11.2f}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"device": device, "store": figures}, indent=1))


def measure(store: Store, trials: int) -> list[dict[str, float]]:
    """Milliseconds a trial, in groups of a thousand; `trials` is the last number of each group."""
    study = store.studies.create("overhead", spec={}, seed=0)
    store.architectures.put("a" * 64, {})
    figures = []
    for last in range(GROUP, trials + 1, GROUP):
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(GROUP):
            one_trial(store, study.id)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        figures.append({"trials": last, "wall_ms": wall / GROUP * 1e3, "cpu_ms": cpu / GROUP * 1e3})
    return figures


def one_trial(store: Store, study: int) -> None:
    """Every write of one trial."""
    trial = store.trials.reserve(study, "worker")
    assert trial is not None
    trial = store.trials.propose(trial, point=POINT, architecture="a" * 64, memo={"generation": 1})
    trial = store.trials.set_running(trial)
    store.trials.heartbeat("worker")
    store.trials.end(trial, TrialState.COMPLETE, values=(0.1, 0.2), violations={"params": -0.5})


if __name__ == "__main__":
    main()
