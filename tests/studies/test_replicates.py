"""Replicates: what several trainings of a trial come to, broken off, failed, reused and scored on test."""

import math
import statistics
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.task import Task
from paretoformer.evaluators.trainer import TrainingFailed
from paretoformer.records.trial import Score, TrialState
from paretoformer.store import Store
from paretoformer.store.rows import RunState, TrialRow
from paretoformer.studies import trial_runner
from paretoformer.studies.bench import Workbench
from paretoformer.studies.conclusion import conclude
from paretoformer.studies.ending import Drained
from paretoformer.studies.proposer import Proposer
from paretoformer.studies.replicates import over_replicates, replicate_key
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.study import Study
from paretoformer.studies.threads import one_thread
from paretoformer.studies.trial_runner import TrialRunner

K = 3


def score(value: float, half: float = 0.02) -> Score:
    return Score(
        metric="accuracy",
        split="validation",
        rung=2,
        value=value,
        low=value - half,
        high=value + half,
        examples=8,
        seconds=1.0,
    )


def test_one_run_keeps_its_score_and_interval() -> None:
    found = over_replicates([[score(0.9)]])["accuracy"]
    assert (found.value, found.low, found.high, found.runs, found.error) == (0.9, 0.88, 0.92, 1, None)


def test_the_interval_of_several_runs_adds_students_t_and_the_bootstrap_as_independent_errors() -> None:
    values = [0.90, 0.92, 0.97]
    found = over_replicates([[score(value)] for value in values])["accuracy"]
    error = statistics.stdev(values) / math.sqrt(K)
    half = math.hypot(4.302653 * error, 0.02)
    assert found.value == pytest.approx(0.93)
    assert (found.runs, found.error) == (K, pytest.approx(error))
    assert (found.low, found.high) == (pytest.approx(0.93 - half), pytest.approx(0.93 + half))


def test_runs_that_agree_say_no_more_than_their_examples_do() -> None:
    found = over_replicates([[score(0.9)], [score(0.9)]])["accuracy"]
    assert (found.error, found.low, found.high) == (0.0, pytest.approx(0.88), pytest.approx(0.92))


def test_the_first_replicate_is_the_run_of_a_study_without_and_the_others_have_keys_of_their_own() -> None:
    keys = [replicate_key("first", 3, replicate) for replicate in range(K)]
    assert keys[0] == "first" and len(set(keys)) == K
    assert replicate_key("first", 4, 1) != keys[1]


@pytest.fixture(autouse=True)
def as_workers_train() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="module")
def digits() -> Task:
    return open_task("digits")


@pytest.fixture
def bench(counted_spec: StudySpec, digits: Task, tmp_path: Path, made: Callable[..., Workbench]) -> Iterator[Workbench]:
    spec = replace(counted_spec, task=digits.spec, data_hash=digits.data_hash, constraints=(), replicates=K)
    with Store.open("sqlite://") as store:
        yield made(store, spec, digits, tmp_path)


def run_next(bench: Workbench) -> TrialRow:
    trial = bench.store.trials.reserve(bench.study, "me")
    assert trial is not None
    TrialRunner(bench, trial).run()
    stored = bench.store.trials.get(bench.study, trial.number)
    assert stored is not None
    return stored


def finals(bench: Workbench, row: TrialRow, split: str = "validation") -> list[float]:
    """The accuracy of each replicate."""
    study = Study(bench.store, bench.study)
    assert row.run is not None
    return [bench.store.runs.scores(run.id, split)[-1].value for run in study.replicates(row.run)]


def trainings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds of the trainings from here on."""
    seeds: list[int] = []
    trained = trial_runner.Trainer.run

    def run(self: trial_runner.Trainer) -> Iterator[tuple[Score, ...]]:
        seeds.append(self.seed)
        yield from trained(self)

    monkeypatch.setattr(trial_runner.Trainer, "run", run)
    return seeds


def test_a_trials_value_is_the_mean_of_trainings_that_differ(bench: Workbench) -> None:
    row = run_next(bench)
    found = finals(bench, row)
    assert len(found) == K and len(set(found)) > 1
    assert row.values[0] == pytest.approx(-statistics.fmean(found))
    (point,) = Study(bench.store, bench.study).points()
    assert (point.oriented, point.values[0].runs) == (row.values, K)
    told = point.to_json()["objectives"]
    assert told["accuracy"]["runs"] == K and "standard_error" not in told["macs"]
    frame = Study(bench.store, bench.study).frame()
    assert frame["accuracy standard error"].tolist() == [point.values[0].error]


def test_the_first_replicate_is_reused_from_a_study_without(
    bench: Workbench, digits: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Callable[..., Workbench]
) -> None:
    alone = made(bench.store, replace(bench.spec, replicates=1), digits, tmp_path, "alone")
    first = run_next(alone)
    seeds = trainings(monkeypatch)
    row = run_next(bench)
    assert (row.run, len(seeds)) == (first.run, K - 1)
    assert len(Study(bench.store, alone.study).runs) == 1


@pytest.mark.parametrize(("begun", "after"), [(1, 1), (2, 9), (3, 17)])
def test_a_trial_broken_off_in_any_replicate_ends_as_an_unbroken_one(
    bench: Workbench, digits: Task, tmp_path: Path, begun: int, after: int, made: Callable[..., Workbench]
) -> None:
    with Store.open("sqlite://") as store:
        unbroken = made(store, bench.spec, digits, tmp_path / "other")
        expected = run_next(unbroken).values
    waits = iter(range(10**6))
    with pytest.raises(Drained):
        run_next(replace(bench, draining=lambda: next(waits) >= after))
    (broken,) = Study(bench.store, bench.study).trials
    assert broken.run is not None and len(Study(bench.store, bench.study).replicates(broken.run)) == begun
    bench.store.trials.release("me")
    (live,) = bench.store.trials.live(bench.study)
    taken = bench.store.trials.take_over(live, "heir")
    assert taken is not None
    assert TrialRunner(bench, taken).run().values == expected


def test_a_replicate_that_fails_fails_the_trial_and_is_not_tried_again(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[int] = []
    trained = trial_runner.Trainer.run

    def fail_second(self: trial_runner.Trainer) -> Iterator[tuple[Score, ...]]:
        seeds.append(self.seed)
        if len(seeds) == 2:
            raise TrainingFailed("loss became nan at step 1 of 4, learning rate 1")
        yield from trained(self)

    monkeypatch.setattr(trial_runner.Trainer, "run", fail_second)
    drawn = bench.proposer.draw(1, 0)
    monkeypatch.setattr(Proposer, "draw", lambda self, number, history: drawn)
    rows = [run_next(bench), run_next(bench)]
    for row in rows:
        assert row.state is TrialState.FAILED
        assert row.reason == "replicate 1: loss became nan at step 1 of 4, learning rate 1"
    assert len(seeds) == 2
    first, second = Study(bench.store, bench.study).replicates(rows[0].run or 0)
    assert (first.state, second.state) == (RunState.COMPLETE, RunState.FAILED)


def test_every_replicate_of_the_front_is_scored_on_test_once(bench: Workbench) -> None:
    row = run_next(bench)
    conclude(bench)
    scored = finals(bench, row, "test")
    assert len(scored) == K
    study = Study(bench.store, bench.study)
    (point,) = study.front(Split.TEST)
    assert point.values[0].value == pytest.approx(statistics.fmean(scored))
    conclude(bench)
    assert finals(bench, row, "test") == scored


def test_weights_are_kept_of_every_replicate_of_the_front_alone(bench: Workbench) -> None:
    for _ in range(4):
        run_next(bench)
    conclude(bench)
    study = Study(bench.store, bench.study)
    kept = {run.key for point in study.front() for run in study.replicates(study.run_of(point).id)}
    assert {path.stem for path in bench.checkpoints.folder.iterdir()} == kept
