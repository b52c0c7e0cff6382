"""Hypervolume of the default engine beside random search at equal trials, by real searches on `python-docs`.

    python benchmarks/engines.py                      # 2 engines x 5 seeds x 24 trials, about 15 minutes on 2 cores
    python benchmarks/engines.py --folder /tmp/there  # keeps its database there, and goes on from it when run again

Objectives are -bits_per_byte and -latency; each training has the same budget, chosen to take at most about 10 s here.
Engines share seeds, so that they start from the same random points, and trainings are reused where they meet. All
hypervolumes are taken against the same reference point and given relative to the front of all trials together.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

import numpy as np

from paretoformer.records.trial import TrialState
from paretoformer.store import Store
from paretoformer.studies.effort import Effort, Place
from paretoformer.studies.front import hypervolume
from paretoformer.studies.planning import DEFAULT_ENGINE, Request
from paretoformer.studies.search import run_search
from paretoformer.studies.study import Study

OBJECTIVES = "-bits_per_byte, -latency"
RESULTS = Path("benchmarks/results/engines.json")


def searched(place: Place, engine: str, seed: int, given: argparse.Namespace) -> None:
    """One study, to its last trial."""
    request = Request(what="python-docs", objectives=OBJECTIVES, engine=engine, seed=seed, budget=given.budget)
    run_search(request, place, Effort(trials=given.trials, workers=given.workers))


def complete(study: Study) -> np.ndarray:
    """Oriented values of complete trials, (n, 2)."""
    return np.array([trial.values for trial in study.trials if trial.state is TrialState.COMPLETE])


def main() -> None:
    """Search, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", nargs="+", default=[DEFAULT_ENGINE, "random"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--budget", type=int, default=512)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", type=Path, default=RESULTS, help="where the figures are written (%(default)s)")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="paretoformer-engines-"))
    storage = f"sqlite:///{folder / 'engines.db'}"
    studies: dict[str, list[str]] = {engine: [] for engine in given.engines}
    for seed in range(given.seeds):
        for engine in given.engines:
            name = f"{engine}-{seed}"
            searched(Place(study=name, storage=storage, artifacts=folder), engine, seed, given)
            studies[engine].append(name)
            print(f"{name} done", flush=True)
    report(storage, studies, given)


def report(storage: str, studies: dict[str, list[str]], given: argparse.Namespace) -> None:
    """Relative hypervolumes of all studies."""
    with Store.open(storage, create=False) as store:
        opened = {name: Study(store, store.studies.get(name).id) for names in studies.values() for name in names}
        references = np.array([study.row.reference for study in opened.values()])
        reference = references.max(0).tolist()
        whole = hypervolume(np.concatenate([complete(study) for study in opened.values()]), reference)
        seconds = [run.seconds for study in opened.values() for run in study.runs.values() if run.seconds]
        rows = {}
        for engine, names in studies.items():
            shares = [hypervolume(complete(opened[name]), reference) / whole for name in names]
            summary = {"median": statistics.median(shares), "low": min(shares), "high": max(shares)}
            rows[engine] = {**summary, "by_seed": shares}
    print(
        f"{given.trials} trials, {given.seeds} seeds; training {statistics.median(seconds):.1f} s median, {max(seconds):.1f} s most"
    )
    for engine, row in rows.items():
        print(f"{engine:10} hypervolume {row['median']:.3f} ({row['low']:.3f} to {row['high']:.3f})")
    given.json.parent.mkdir(parents=True, exist_ok=True)
    settings = {"trials": given.trials, "budget": given.budget, "objectives": OBJECTIVES, "reference": reference}
    measured = {"training_s": {"median": statistics.median(seconds), "most": max(seconds)}, "engines": rows}
    given.json.write_text(json.dumps({**settings, **measured}, indent=1) + "\n")


if __name__ == "__main__":
    main()
