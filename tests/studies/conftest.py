"""A small space, a spec over it, and studies made of rows."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from paretoformer.evaluators.task import Task
from paretoformer.hardware_models.measuring import MakeVisit
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.hardware_models.reference import reference_for
from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.records.objective import parse_constraint, parse_objectives
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ClassOutput, ImageInput, Signature
from paretoformer.records.target import Target, parse_target
from paretoformer.records.trial import Outcome, Point, Score, TrialState
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.store import Store
from paretoformer.store.rows import MeasurementKey, RunState
from paretoformer.studies.bench import Workbench
from paretoformer.studies.checkpoints import Checkpoints
from paretoformer.studies.lease import Lease
from paretoformer.studies.measurer import Measurer
from paretoformer.studies.proposer import Proposer
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.stations import Here
from paretoformer.studies.study import Study

SIGNATURE = Signature(input=ImageInput(channels=1, height=8, width=8), output=ClassOutput(classes=10))

SPACE = {
    "name": "small",
    "title": "Small encoders for tests",
    "topology": "encoder",
    "stem": "patches",
    "dimensions": {
        "stem.size": [2, 4],
        "encoder.depth": {"from": 1, "to": 3},
        "encoder.width": [8, 16, 24],
        "encoder.mixer": {"choose": ["softmax", "pooling", "identity"], "per": "layer"},
        "encoder.mixer.heads": [1, 2, 4],
        "encoder.feedforward.ratio": [1, 2],
    },
    "rules": ["encoder.width % encoder.mixer.heads == 0"],
}


@pytest.fixture(scope="session")
def space() -> SearchSpace:
    """A few thousand points."""
    return SearchSpace.from_dict(SPACE)


@pytest.fixture
def counted_spec(space: SearchSpace) -> StudySpec:
    """Accuracy against counted costs: nothing of it depends on the machine's speed."""
    return StudySpec(
        task={"task": "digits"},
        data_hash="0" * 64,
        signature=SIGNATURE,
        space=space,
        objectives=parse_objectives("accuracy, -macs"),
        constraints=(parse_constraint("params <= 20k"),),
        targets=(),
        engine="tpe",
        seed=3,
        recipe=Recipe(budget=128),
        metric_units={"accuracy": "fraction"},
        provenance={},
    )


def outcomes(space: SearchSpace, count: int, seed: int = 0, **memos: object) -> list[Outcome]:
    """Ends of trials in commit order: mostly complete, some invalid, over their constraint or failed."""
    rng = random.Random(seed)
    found = []
    for number in range(1, count + 1):
        point = space.sample(rng)
        if space.explain(point, SIGNATURE):
            found.append(Outcome(number=number, state=TrialState.INVALID, point=point, violations={"valid": 1.0}))
        elif number % 11 == 0:
            found.append(Outcome(number=number, state=TrialState.FAILED, point=point))
        elif number % 7 == 0:
            over = {"params <= 20k": rng.random()}
            found.append(Outcome(number=number, state=TrialState.OVER_CONSTRAINT, point=point, violations=over))
        else:
            values = (rng.random(), rng.random())
            within = {"params <= 20k": -rng.random()}
            found.append(
                Outcome(number=number, state=TrialState.COMPLETE, point=point, values=values, violations=within)
            )
    return found


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def some_ends(space: SearchSpace) -> list[Outcome]:
    """Forty ends."""
    return outcomes(space, 40)


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a trial of a filled study scored and, where the spec asks for it, its latency, `elsewhere` on a second target."""

    accuracy: float = 0.5
    half: float = 0.01
    latency: float = 1e-3
    elsewhere: float = 1e-3
    state: TrialState = TrialState.COMPLETE


ROWS = (
    Row(accuracy=0.9, latency=3e-3),
    Row(state=TrialState.FAILED),
    Row(accuracy=0.8, latency=1e-3),
    Row(accuracy=0.7, latency=2e-3),
    Row(state=TrialState.INVALID),
)
"""By latency, trials 1 and 3 are the front, and 4 is beaten by 3."""


def fill(store: Store, spec: StudySpec, rows: Sequence[Row] = ROWS, name: str = "filled") -> Study:
    """A study whose trials ended as `rows` say, their rows written as a worker writes them."""
    reference = tuple(0.0 if column.name == "accuracy" else 1e9 for column in spec.columns)
    study = store.studies.create(name, spec=spec.to_json(), seed=spec.seed, reference=reference)
    store.signatures.put(spec.signature.digest, spec.signature.to_json())
    store.recipes.put(spec.recipe.digest, spec.recipe.to_json())
    store.tasks.put("task", spec.task, spec.data_hash)
    store.devices.put("device", name="cpu", fingerprint={})
    points = _valid_points(spec, name)
    for row in rows:
        _write(store, spec, study.id, row, next(points))
    return Study(store, study.id)


def _valid_points(spec: StudySpec, seed: str) -> Iterator[Point]:
    rng, seen = random.Random(seed), set[str]()
    while True:
        point = spec.space.sample(rng)
        if not spec.space.explain(point, spec.signature):
            digest = spec.space.decode(point).architecture.digest
            if digest not in seen:
                seen.add(digest)
                yield point


def _write(store: Store, spec: StudySpec, study: int, row: Row, point: Point) -> None:
    trial = store.trials.reserve(study, "worker")
    assert trial is not None
    if row.state is not TrialState.COMPLETE:
        trial = store.trials.propose(trial, point=point)
        store.trials.end(trial, row.state, reason=f"{row.state}\nTraceback")
        return
    architecture, signature = spec.space.decode(point).architecture, spec.signature.digest
    counts = count(architecture, spec.signature).to_json()
    store.architectures.put(architecture.digest, architecture.to_json())
    store.models.put(architecture.digest, signature, counts)
    trial = store.trials.propose(trial, point=point, architecture=architecture.digest)
    parts = {"architecture": architecture.digest, "signature": signature, "task": "task", "recipe": spec.recipe.digest}
    run = store.runs.create_or_get(architecture.digest, **parts, seed=1)
    trial = store.trials.set_running(trial, run=run.id)
    store.runs.add_scores(run.id, [_score(row, split, rung) for split in ("validation", "test") for rung in (0, 1)])
    store.runs.set_state(run.id, RunState.COMPLETE, seconds=1.0)
    latencies = dict(zip(spec.targets, (row.latency, row.elsewhere), strict=False))
    for quantity, target in spec.target_costs:
        measured = measurement(quantity, str(target), latencies[target])
        key = MeasurementKey(
            architecture=architecture.digest,
            signature=signature,
            device="device",
            target=str(target),
            method=measured.method,
            method_version=measured.method_version,
        )
        store.measurements.add(key, [measured])
    scored = {"accuracy": -row.accuracy}
    values = [
        latencies[c.target] if c.target else scored.get(c.name, float(counts.get(c.name, 0))) for c in spec.columns
    ]
    store.trials.end(trial, TrialState.COMPLETE, values=values, seconds={"training": 2.0, "measuring": 1.0})


def _score(row: Row, split: str, rung: int) -> Score:
    value = row.accuracy - 0.1 * (1 - rung)
    return Score(
        metric="accuracy",
        split=split,
        rung=rung,
        value=value,
        low=value - row.half,
        high=value + row.half,
        examples=64 * (rung + 1),
        seconds=1.0,
    )


def measurement(quantity: str, target: str, value: float) -> Measurement:
    """A cost with 2 % to both sides."""
    return Measurement(
        quantity=quantity,
        unit="s",
        value=value,
        low=0.98 * value,
        high=1.02 * value,
        samples=(value, value),
        provenance=Provenance.MEASURED,
        method="fake",
        method_version=1,
        target=target,
    )


@pytest.fixture
def store() -> Iterator[Store]:
    """An empty database in memory."""
    with Store.open("sqlite://") as opened:
        yield opened


@pytest.fixture
def timed_spec(counted_spec: StudySpec) -> StudySpec:
    """Accuracy against latency on one target."""
    target = parse_target("cpu:eager:fp32:1:prefill/1/1")
    return replace(
        counted_spec,
        objectives=parse_objectives("accuracy, -latency"),
        constraints=(),
        targets=(target,),
        provenance={f"latency[{target}]": Provenance.MEASURED},
    )


@pytest.fixture
def two_targets(timed_spec: StudySpec) -> StudySpec:
    """Accuracy against latency on two targets."""
    other = parse_target("cpu:onnx:fp32:1:prefill/1/1")
    targets = (*timed_spec.targets, other)
    return replace(
        timed_spec, targets=targets, provenance={f"latency[{target}]": Provenance.MEASURED for target in targets}
    )


@pytest.fixture
def filled(store: Store, timed_spec: StudySpec) -> Study:
    """The study of `ROWS`."""
    return fill(store, timed_spec)


@pytest.fixture
def fake_visits() -> MakeVisit:
    """Visits without a device: a nanosecond for each MAC, of which the reference has a million."""

    def make(meter: Meter, subject: Subject, target: Target) -> Visit:
        assert isinstance(meter, LatencyMeter) and target.workload
        reference = reference_for(subject.signature, target.workload)
        ratio = count(subject.architecture, subject.signature).macs / 1e6
        readings = {
            "busy_ratio": ratio,
            "wall_ratio": ratio,
            "model_wall_s": ratio * 1e-3,
            "reference_busy_s": 1e-3,
            "reference_wall_s": 1e-3,
        }
        return Visit(
            method=meter.method,
            method_version=meter.method_version,
            target=str(target),
            readings={"latency": readings},
            conditions={
                "reference": str(reference),
                "reference_digest": reference.architecture.digest,
                "foreign_cores": 0.0,
                "threads": 1,
                "torch": "none",
            },
        )

    return make


@pytest.fixture
def made() -> Callable[..., Workbench]:
    """Makes a bench over a study of counted costs: make(store, spec, task, folder, name)."""

    def make(store: Store, spec: StudySpec, task: Task, folder: Path, name: str = "s") -> Workbench:
        row = store.studies.create(name, spec=spec.to_json(), seed=spec.seed, reference=(-0.1, 1e9))
        store.signatures.put(spec.signature.digest, spec.signature.to_json())
        store.tasks.put("t", task.spec, task.data_hash)
        weights = Checkpoints(folder)
        weights.prepare()

        def none(*arguments: Any) -> Any:
            raise AssertionError("counted costs need no visit")

        return Workbench(
            store=store,
            study=row.id,
            spec=spec,
            task=task,
            task_digest="t",
            proposer=Proposer(spec, lambda after, upto: store.trials.outcomes(row.id, after=after, upto=upto)),
            measurer=Measurer(store, spec, Here(none)),
            lease=Lease("cpu", folder / "locks"),
            checkpoints=weights,
        )

    return make
