"""Own overhead a trial (reserve, store, tell, bookkeeping) in SQLite, beside Optuna's RDB storage in the same run.

    python benchmarks/overhead.py            # at 1,000 and 10,000 trials, Optuna at 1,000: about 5 minutes
    python benchmarks/overhead.py --at 1000  # under a minute

A trial here is everything but measuring and training: reserved, proposed, counted, given a run, three rungs of scores and a
measurement, ended, and told to the engine. The engine's ask is timed apart. Optuna's trial is ask, as many suggestions
as the space has genes, and tell; at 40 ms and more each, 10,000 of them would take longer than all the rest, so that they
are run only when asked for by `--optuna-at 1000 10000`.
"""

import argparse
import json
import platform
import statistics
import tempfile
import time
from pathlib import Path

import optuna

from paretoformer.records.canonical import digest
from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.records.signature import Signature, TokenInput, TokenOutput
from paretoformer.records.trial import Score, TrialState
from paretoformer.search_spaces.catalogue import load_space
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.store import Store
from paretoformer.store.rows import MeasurementKey, RunState, StudyRow
from paretoformer.studies.engines.base import Engine, Problem, engine

SIGNATURE = Signature(input=TokenInput(vocabulary=256, length=256), output=TokenOutput(vocabulary=256))
RESULTS = Path("benchmarks/results/overhead.json")
WINDOW = 200
"""Times are medians over the last so many trials before each mark."""


class OwnTrials:
    """Trials through our store and an engine."""

    def __init__(self, store: Store, space: SearchSpace) -> None:
        self.store, self.space = store, space
        self.study: StudyRow = store.studies.create("overhead", spec={}, seed=0, reference=(1.0, 1.0))
        self.engine: Engine = engine("tpe")(Problem(space=space, objectives=2, seed=0))
        self.told = 0
        store.signatures.put(SIGNATURE.digest, SIGNATURE.to_json())
        store.tasks.put("t", {}, "h")
        store.recipes.put("r", {})
        store.devices.put("d", name="cpu", fingerprint={})

    def one(self) -> tuple[float, float]:
        """(own seconds, seconds of the ask) of one trial."""
        began = time.perf_counter()
        store = self.store
        trial = store.trials.reserve(self.study.id, "worker")
        assert trial is not None
        for outcome in store.trials.outcomes(self.study.id, after=self.told, upto=trial.history):
            self.engine.tell(outcome)
        self.told = trial.history
        asking = time.perf_counter()
        proposal = self.engine.ask(trial.number)
        asked = time.perf_counter() - asking
        point = self.space.trim(proposal.point)
        architecture = self.space.decode(point).architecture
        counts = count(architecture, SIGNATURE).to_json()
        store.architectures.put(architecture.digest, architecture.to_json())
        store.models.put(architecture.digest, SIGNATURE.digest, counts)
        store.trials.propose(trial, point=point, architecture=architecture.digest, memo=proposal.memo)
        key = digest([architecture.digest, trial.number])
        parts = {"architecture": architecture.digest, "signature": SIGNATURE.digest, "task": "t", "recipe": "r"}
        run = store.runs.create_or_get(key, **parts, seed=0)
        store.trials.set_running(trial, run=run.id)
        for rung in range(3):
            store.runs.add_scores(run.id, [_score(rung)])
        store.runs.set_state(run.id, RunState.COMPLETE, seconds=1.0)
        store.measurements.add(_key(architecture.digest), [_measurement(float(counts["macs"]))])
        values = (1.0 / (1 + counts["params"]), counts["macs"] * 1e-9)
        store.trials.end(trial, TrialState.COMPLETE, values=values)
        store.trials.heartbeat("worker")
        return time.perf_counter() - began - asked, asked


class OptunaTrials:
    """Trials through Optuna's own database, with its random sampler so that no time is spent on asking."""

    def __init__(self, url: str, space: SearchSpace) -> None:
        sampler = optuna.samplers.RandomSampler(seed=0)
        self.study = optuna.create_study(storage=url, sampler=sampler, directions=["minimize", "minimize"])
        self.genes = len(space.genes)

    def one(self) -> float:
        """Seconds of one trial."""
        began = time.perf_counter()
        trial = self.study.ask()
        for index in range(self.genes):
            trial.suggest_int(f"gene{index}", 0, 3)
        self.study.tell(trial, [0.5, 0.5])
        return time.perf_counter() - began


def _score(rung: int) -> Score:
    return Score(
        metric="bits_per_byte", split="validation", rung=rung, value=3.0, low=2.9, high=3.1, examples=1, seconds=1.0
    )


def _key(architecture: str) -> MeasurementKey:
    return MeasurementKey(
        architecture=architecture, signature=SIGNATURE.digest, device="d", target="cpu", method="m", method_version=1
    )


def _measurement(value: float) -> Measurement:
    return Measurement(
        quantity="latency",
        unit="s",
        value=value,
        low=value,
        high=value,
        samples=(value,) * 4,
        provenance=Provenance.MEASURED,
        method="m",
        method_version=1,
        target="cpu",
    )


def main() -> None:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--at", type=int, nargs="+", default=[1_000, 10_000], help="trials at which to look (%(default)s)"
    )
    parser.add_argument(
        "--optuna-at", type=int, nargs="+", default=[1_000], help="the same for Optuna's database (%(default)s)"
    )
    parser.add_argument("--json", type=Path, default=RESULTS, help="where the figures are written (%(default)s)")
    given = parser.parse_args()
    space = load_space("decoder")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        with Store.open(f"sqlite:///{folder}/own.db") as store:
            own = OwnTrials(store, space)
            times = [own.one() for _ in range(max(given.at))]
        peer = OptunaTrials(f"sqlite:///{folder}/optuna.db", space)
        peers = [peer.one() for _ in range(max(given.optuna_at))]
    for mark in given.at:
        mine = statistics.median(own for own, _ in times[mark - WINDOW : mark]) * 1e3
        ask = statistics.median(asked for _, asked in times[mark - WINDOW : mark]) * 1e3
        theirs = statistics.median(peers[mark - WINDOW : mark]) * 1e3 if mark <= len(peers) else None
        results.append({"trials": mark, "own_ms": mine, "ask_ms": ask, "optuna_rdb_ms": theirs})
    machine = platform.processor() or platform.machine()
    print(f"{'trials':>8} {'own ms':>8} {'ask (tpe) ms':>13} {'Optuna RDB ms':>14} {'ratio':>6}   {machine}")
    for row in results:
        theirs = row["optuna_rdb_ms"]
        tail = f"{theirs:14.1f} {theirs / row['own_ms']:6.1f}" if theirs else f"{'not run':>14} {'':>6}"
        print(f"{row['trials']:8d} {row['own_ms']:8.2f} {row['ask_ms']:13.1f} {tail}")
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps({"genes": len(space.genes), "rows": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
