"""The way of one trial, with a small real training and no measuring."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors import SafetensorError

from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.task import Task
from paretoformer.evaluators.trainer import TrainingFailed
from paretoformer.hardware_models.converting import ConversionFailed
from paretoformer.hardware_models.devices import Device
from paretoformer.hardware_models.measuring import MakeVisit, take_visit
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.room import DoesNotFit
from paretoformer.records.measurement import Provenance
from paretoformer.records.objective import parse_constraint
from paretoformer.records.target import Target, parse_target
from paretoformer.records.trial import Score, TrialState
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.store import Store
from paretoformer.store.errors import LeaseLost, StoreFull
from paretoformer.store.rows import LiveTrial, RunState, StudyState, TrialRow
from paretoformer.studies import checkpoints, heirs, trial_runner
from paretoformer.studies.bench import Workbench
from paretoformer.studies.checkpoints import ArtifactsUnwritable
from paretoformer.studies.ending import Drained, Ending
from paretoformer.studies.measurer import Measurer
from paretoformer.studies.presence import Presence
from paretoformer.studies.proposer import Proposer
from paretoformer.studies.replicates import replicate_key
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.stations import Here, StationGone, Stations
from paretoformer.studies.trial_runner import TrialRunner
from paretoformer.studies.worker import Limits, Worker


@pytest.fixture(scope="module")
def digits() -> Task:
    return open_task("digits")


@pytest.fixture
def bench(counted_spec: StudySpec, digits: Task, tmp_path: Path, made: Callable[..., Workbench]) -> Iterator[Workbench]:
    spec = replace(counted_spec, task=digits.spec, data_hash=digits.data_hash, constraints=())
    with Store.open("sqlite://") as store:
        yield made(store, spec, digits, tmp_path)


def run_next(bench: Workbench, owner: str = "me") -> tuple[TrialRow, Ending]:
    trial = bench.store.trials.reserve(bench.study, owner)
    assert trial is not None
    ending = TrialRunner(bench, trial).run()
    stored = bench.store.trials.get(bench.study, trial.number)
    assert stored is not None
    return stored, ending


def test_a_trial_that_goes_well_is_complete_with_scores_counts_and_weights(bench: Workbench) -> None:
    row, ending = run_next(bench)
    assert (row.state, ending.state) == (TrialState.COMPLETE, TrialState.COMPLETE)
    assert row.run is not None and row.architecture is not None
    scores = bench.store.runs.scores(row.run, "validation")
    assert [score.rung for score in scores] == [0, 1, 2]
    counts = bench.store.models.counts(row.architecture, bench.spec.signature.digest)
    assert counts is not None
    assert row.values == (-scores[-1].value, float(counts["macs"]))
    assert bench.checkpoints.path(bench.store.runs.get(row.run).key).exists()
    assert row.seconds["training"] > 0 and row.seconds["other"] > 0
    assert row.joules and set(row.joules) <= {"training", "measuring", "unknown"} and 0 not in row.joules.values()


def test_a_bound_on_a_count_ends_a_trial_before_it_is_trained(bench: Workbench) -> None:
    strict = replace(bench, spec=replace(bench.spec, constraints=(parse_constraint("params <= 1"),)))
    row, _ = run_next(strict)
    assert row.state is TrialState.OVER_CONSTRAINT
    assert row.run is None
    assert row.violations["params <= 1"] > 0
    assert "params <= 1 is asked for" in (row.reason or "")


def test_a_bound_on_a_metric_is_held_after_training_and_keeps_the_values(bench: Workbench) -> None:
    strict = replace(bench, spec=replace(bench.spec, constraints=(parse_constraint("accuracy >= 100%"),)))
    row, _ = run_next(strict)
    assert row.state is TrialState.OVER_CONSTRAINT
    assert len(row.values) == 2


def test_a_training_that_fails_is_a_row_with_the_reason(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object) -> Iterator[None]:
        raise TrainingFailed("loss became nan at step 1 of 4, learning rate 1")
        yield

    monkeypatch.setattr(trial_runner.Trainer, "run", fail)
    row, _ = run_next(bench)
    assert (row.state, row.reason) == (TrialState.FAILED, "loss became nan at step 1 of 4, learning rate 1")
    assert row.run is not None
    assert bench.store.runs.get(row.run).state is RunState.FAILED


def test_a_model_that_cannot_be_trained_as_asked_ends_a_trial_as_invalid(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(make: Any, task: Task, recipe: Any, wanted: set[str]) -> tuple[str, ...]:
        assert make().architecture and wanted == {objective.name for objective in bench.spec.objectives}
        return ("criterion x needs a pair", "metric y too")

    monkeypatch.setattr(trial_runner, "serving_problems", refuse)
    row, ending = run_next(bench)
    assert (row.state, row.reason) == (TrialState.INVALID, "criterion x needs a pair; metric y too")
    assert ending.violations == {"valid": 2.0} and row.run is None


@pytest.mark.parametrize(
    ("error", "first"),
    [
        (MemoryError("no room"), "out of memory: no room"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "out of memory: "),
        (KeyError("x"), "KeyError: 'x'"),
    ],
)
def test_a_crash_is_a_row_with_a_line_and_a_traceback(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, error: Exception, first: str
) -> None:
    def crash(*arguments: object, **named: object) -> None:
        raise error

    monkeypatch.setattr(trial_runner, "build", crash)
    row, _ = run_next(bench)
    assert row.state is TrialState.FAILED
    assert row.reason is not None and row.reason.startswith(first)
    assert "Traceback" in row.reason


@pytest.mark.parametrize("error", [ConversionFailed("mixer abacus cannot be converted."), DoesNotFit("no room.")])
def test_a_model_that_a_target_cannot_run_ends_a_trial_as_invalid(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(Measurer, "before_training", refuse)
    row, _ = run_next(bench)
    assert (row.state, row.reason) == (TrialState.INVALID, str(error))
    assert row.violations == {"valid": 1.0}


def test_a_trial_at_which_two_workers_died_is_given_up(bench: Workbench) -> None:
    trials = bench.store.trials
    taken = trials.reserve(bench.study, "first")
    for heir in ("second", "third"):
        assert taken is not None
        taken = trials.take_over(taken, heir, died=True)
    assert taken is not None
    ending = TrialRunner(bench, taken).run()
    assert ending.state is TrialState.FAILED
    assert ending.reason is not None and ending.reason.startswith("its worker's process died at it 2 times")


def test_a_trial_that_was_handed_back_often_is_run_as_any_other(bench: Workbench) -> None:
    trials = bench.store.trials
    taken = trials.reserve(bench.study, "worker 0")
    for index in range(1, 12):
        trials.release(f"worker {index - 1}")
        assert taken is not None
        taken = trials.take_over(taken, f"worker {index}")
    assert taken is not None
    assert TrialRunner(bench, taken).run().state is TrialState.COMPLETE


def test_a_time_limit_fails_a_trial(bench: Workbench) -> None:
    ticks = iter(range(0, 10**6, 10))
    row, _ = run_next(replace(bench, time_limit_s=15.0, clock=lambda: float(next(ticks))))
    assert (row.state, row.reason) == (TrialState.FAILED, "not done after its time limit of 15 s")


@pytest.mark.parametrize("replicate", [0, 1])
def test_a_trial_that_ends_in_its_training_leaves_no_run_that_is_marked_as_running(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, replicate: int
) -> None:
    trained, begun = trial_runner.Trainer.run, []

    def accident(self: trial_runner.Trainer) -> Iterator[tuple[Score, ...]]:
        begun.append(self)
        if len(begun) > replicate:
            raise MemoryError
        yield from trained(self)

    monkeypatch.setattr(trial_runner.Trainer, "run", accident)
    twice = replace(bench, spec=replace(bench.spec, replicates=2))
    row, _ = run_next(twice)
    assert row.state is TrialState.FAILED
    assert states(twice, row) == [RunState.COMPLETE] * replicate + [RunState.STOPPED]


def test_a_trial_that_is_given_up_leaves_no_run_that_is_marked_as_running(longer: Workbench) -> None:
    trial, _ = break_off(longer, 4)
    for heir in ("second", "third"):
        taken = longer.store.trials.take_over(trial, heir, died=True)
        assert taken is not None
        (trial,) = longer.store.trials.live(longer.study)
    TrialRunner(longer, taken).run()
    assert states(longer, taken) == [RunState.STOPPED]


def states(bench: Workbench, row: TrialRow) -> list[RunState]:
    """Of the runs of a trial's replicates, as far as they were begun."""
    first = bench.store.runs.get(row.run or 0).key
    keys = [replicate_key(first, bench.spec.seed, index) for index in range(bench.spec.replicates)]
    return [found.state for found in map(bench.store.runs.find, keys) if found]


def test_a_drained_trial_stays_live(bench: Workbench) -> None:
    with pytest.raises(Drained):
        run_next(replace(bench, draining=lambda: True))
    (live,) = bench.store.trials.live(bench.study)
    assert live.number == 1


def break_off(bench: Workbench, after: int) -> tuple[LiveTrial, str]:
    """A trial whose worker is asked to stop after so many waits, handed back; and its run's key."""
    waits = iter(range(10**6))
    with pytest.raises(Drained):
        run_next(replace(bench, draining=lambda: next(waits) >= after))
    bench.store.trials.release("me")
    (live,) = bench.store.trials.live(bench.study)
    row = bench.store.trials.get(bench.study, live.number)
    assert row is not None and row.run is not None
    return live, bench.store.runs.get(row.run).key


def resumed(bench: Workbench, trial: LiveTrial) -> tuple[list[Score], int]:
    """Its scores when an heir has taken it to its end, and how often the heir could have been stopped."""
    waits: list[int] = []
    taken = bench.store.trials.take_over(trial, "heir")
    assert taken is not None
    assert TrialRunner(replace(bench, draining=lambda: bool(waits.append(1))), taken).run().state is TrialState.COMPLETE
    assert taken.run is not None
    return scores_of(bench, taken.run), len(waits)


def scores_of(bench: Workbench, run: int) -> list[Score]:
    return [replace(score, seconds=0.0) for score in bench.store.runs.scores(run, "validation")]


@pytest.fixture
def longer(bench: Workbench, digits: Task, tmp_path: Path, made: Callable[..., Workbench]) -> Workbench:
    """A study whose rungs end after 1, 2 and 4 steps; each is scored in two batches."""
    recipe = replace(bench.spec.recipe, batch=64, budget=256)
    return made(bench.store, replace(bench.spec, recipe=recipe), digits, tmp_path, "longer")


@pytest.fixture
def unbroken(
    longer: Workbench, digits: Task, tmp_path: Path, made: Callable[..., Workbench]
) -> Iterator[tuple[list[Score], bytes, int]]:
    """Scores, weights and number of waits of its first trial when nothing stops it, in a database of its own."""
    waits: list[int] = []
    with Store.open("sqlite://") as store:
        other = made(store, longer.spec, digits, tmp_path / "other")
        row, _ = run_next(replace(other, draining=lambda: bool(waits.append(1))))
        assert row.run is not None
        weights = other.checkpoints.path(store.runs.get(row.run).key).read_bytes()
        yield scores_of(other, row.run), weights, len(waits)


@pytest.mark.parametrize("after", [3, 4, 6, 8], ids=["rung 0", "step 2", "rung 1", "last step"])
def test_a_search_that_was_broken_off_goes_on_from_its_last_rung_and_ends_the_same(
    longer: Workbench, unbroken: tuple[list[Score], bytes, int], after: int
) -> None:
    scores, weights, waits = unbroken
    trial, key = break_off(longer, after)
    assert longer.checkpoints.snapshot_path(key).exists()
    found, more = resumed(longer, trial)
    assert found == scores and longer.checkpoints.path(key).read_bytes() == weights
    assert more < waits
    assert not longer.checkpoints.snapshot_path(key).exists()


@pytest.mark.parametrize("damage", ["cut", "of another model"])
def test_a_snapshot_that_cannot_be_used_is_ignored_and_training_begins_anew(
    longer: Workbench, unbroken: tuple[list[Score], bytes, int], damage: str
) -> None:
    scores, _, waits = unbroken
    trial, key = break_off(longer, 4)
    snapshot, path = longer.checkpoints.load_snapshot(key), longer.checkpoints.snapshot_path(key)
    assert snapshot is not None
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    else:
        longer.checkpoints.save_snapshot(key, dict(list(snapshot.items())[:-1]))
    assert resumed(longer, trial) == (scores, waits)


def test_a_training_that_fails_leaves_no_snapshot(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = trial_runner.Trainer.run

    def fail_later(self: trial_runner.Trainer) -> Iterator[tuple[Score, ...]]:
        yield next(trained(self))
        assert list(bench.checkpoints.folder.glob("*.snapshot.*"))
        raise TrainingFailed("loss became nan at step 2 of 4, learning rate 1")

    monkeypatch.setattr(trial_runner.Trainer, "run", fail_later)
    row, _ = run_next(bench)
    assert row.state is TrialState.FAILED
    assert list(bench.checkpoints.folder.iterdir()) == []


def test_what_another_worker_took_over_is_dropped(bench: Workbench) -> None:
    trial = bench.store.trials.reserve(bench.study, "me")
    assert trial is not None
    (live,) = bench.store.trials.live(bench.study)
    assert bench.store.trials.take_over(live, "heir") is not None
    with pytest.raises(LeaseLost):
        TrialRunner(bench, trial).run()
    stored = bench.store.trials.get(bench.study, trial.number)
    assert stored is not None and not stored.state.ended


def test_the_same_run_of_another_study_is_not_trained_again(
    bench: Workbench, digits: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Callable[..., Workbench]
) -> None:
    first, _ = run_next(bench)
    again = made(bench.store, bench.spec, digits, tmp_path, "other")

    def never(self: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(trial_runner.Trainer, "run", never)
    second, _ = run_next(again)
    assert second.state is TrialState.COMPLETE
    assert (second.run, second.values) == (first.run, first.values)


def test_a_run_that_an_earlier_trial_has_is_a_duplicate(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = run_next(bench)
    drawn = bench.proposer.draw(1, 0)
    monkeypatch.setattr(Proposer, "draw", lambda self, number, history: drawn)
    second, _ = run_next(bench)
    assert (second.state, second.reason) == (TrialState.DUPLICATE, "the same run as trial 1")
    assert second.values == first.values


@pytest.mark.parametrize("study", ["s", "other"])
def test_a_run_that_failed_is_not_trained_again_and_the_engine_is_told(
    bench: Workbench,
    digits: Task,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    study: str,
    made: Callable[..., Workbench],
) -> None:
    trained = []

    def fail(self: object) -> Iterator[None]:
        trained.append(self)
        raise TrainingFailed("loss became nan at step 3 of 4, learning rate 1")
        yield

    monkeypatch.setattr(trial_runner.Trainer, "run", fail)
    drawn = bench.proposer.draw(1, 0)
    monkeypatch.setattr(Proposer, "draw", lambda self, number, history: drawn)
    first, _ = run_next(bench)
    again = bench if study == "s" else made(bench.store, bench.spec, digits, tmp_path, study)
    second, _ = run_next(again)
    assert (second.state, second.reason, second.run) == (TrialState.FAILED, first.reason, first.run)
    assert len(trained) == 1
    assert [outcome.state for outcome in again.store.trials.outcomes(again.study)][-1] is TrialState.FAILED


def test_a_trial_that_fell_to_an_accident_gets_another_chance(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def accident(self: object) -> Iterator[None]:
        raise MemoryError
        yield

    drawn = bench.proposer.draw(1, 0)
    monkeypatch.setattr(Proposer, "draw", lambda self, number, history: drawn)
    with monkeypatch.context() as patched:
        patched.setattr(trial_runner.Trainer, "run", accident)
        first, _ = run_next(bench)
    second, _ = run_next(bench)
    assert (first.state, second.state) == (TrialState.FAILED, TrialState.COMPLETE)
    assert first.run == second.run and states(bench, second) == [RunState.COMPLETE]


def test_an_architecture_that_history_knows_is_a_duplicate(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = run_next(bench)
    (known,) = bench.store.trials.outcomes(bench.study)
    drawn = replace(bench.proposer.draw(1, 0), known=known)
    monkeypatch.setattr(Proposer, "draw", lambda self, number, history: drawn)
    second, _ = run_next(bench)
    assert (second.state, second.reason) == (TrialState.DUPLICATE, "the same architecture as trial 1")
    assert (second.run, second.values) == (None, first.values)


def test_a_worker_goes_on_to_its_limit_and_concludes(bench: Workbench) -> None:
    Worker(bench, Limits(trials=3)).work()
    rows = bench.store.trials.all(bench.study)
    assert [row.number for row in rows] == [1, 2, 3]
    assert all(row.state.ended for row in rows)
    complete = [row for row in rows if row.state is TrialState.COMPLETE]
    assert any(bench.store.runs.scores(row.run or 0, "test") for row in complete)


def test_a_worker_takes_over_what_was_handed_back(bench: Workbench) -> None:
    bench.store.trials.reserve(bench.study, "gone")
    bench.store.trials.release("gone")
    Worker(bench, Limits(trials=1)).work()
    (row,) = bench.store.trials.all(bench.study)
    assert (row.state.ended, row.epoch) == (True, 2)


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_weights_that_cannot_be_written_stop_the_worker_and_fail_no_trial(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, attempts: int
) -> None:
    def full(tensors: object, file: Path) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(checkpoints, "save_file", full)
    for _ in range(attempts):
        with pytest.raises(
            ArtifactsUnwritable, match=r"^The artefact folder .* has no room left; free some and resume\.$"
        ):
            Worker(bench, Limits(trials=1)).work()
    (row,) = bench.store.trials.all(bench.study)
    assert (row.state.ended, row.owner, row.deaths) == (False, None, 0)


def test_a_station_that_is_gone_stops_the_worker_and_fails_no_trial_and_a_new_one_lets_it_go_on(
    bench: Workbench, timed_spec: StudySpec, fake_visits: MakeVisit, tmp_path: Path, made: Callable[..., Workbench]
) -> None:
    target = parse_target("cpu@shelf:eager:fp32:1:prefill/1/1")
    provenance = {f"latency[{target}]": Provenance.MEASURED}
    spec = replace(
        timed_spec, task=bench.spec.task, data_hash=bench.spec.data_hash, targets=(target,), provenance=provenance
    )
    left = [10]  # visits that the station makes: the calibration, the first trial, and half of the second

    def visit(meter: Meter, subject: Subject, target: Target) -> Visit:
        left[0] -= 1
        if left[0] < 0:
            raise StationGone("The station of host shelf has not answered for 30 s.")
        return fake_visits(meter, subject, target)

    timed = made(bench.store, spec, bench.task, tmp_path, "far")
    timed = replace(timed, measurer=Measurer(bench.store, spec, Stations(Here(visit), lambda host: Anywhere(visit))))
    with pytest.raises(StationGone, match="host shelf"):
        Worker(timed, Limits(trials=2)).work()
    states = {row.number: row.state for row in bench.store.trials.all(timed.study)}
    assert states == {1: TrialState.COMPLETE, 2: TrialState.RUNNING}
    assert [trial.owner for trial in bench.store.trials.live(timed.study)] == [None]
    left[0] = 100
    Worker(timed, Limits(trials=2)).work()
    assert {row.state for row in bench.store.trials.all(timed.study)} == {TrialState.COMPLETE}


@pytest.mark.slow
def test_a_measuring_process_that_runs_out_of_memory_is_a_row_with_the_reason_and_the_search_goes_on(
    bench: Workbench, timed_spec: StudySpec, fake_visits: MakeVisit, tmp_path: Path, made: Callable[..., Workbench]
) -> None:
    spec = replace(timed_spec, task=bench.spec.task, data_hash=bench.spec.data_hash)
    made_visits: list[str] = []

    def visit(meter: Meter, subject: Subject, target: Target) -> Visit:
        made_visits.append(subject.architecture.digest)
        if len(made_visits) > 1:
            return fake_visits(meter, subject, target)
        assert target.workload  # ten million million images, in a real process, which no machine has the memory for
        return take_visit(meter, subject, replace(target, workload=replace(target.workload, batch=10**13)))

    timed = made(bench.store, spec, bench.task, tmp_path, "full")
    timed = replace(timed, measurer=Measurer(bench.store, spec, Here(visit)))
    Worker(timed, Limits(trials=2)).work()
    first, second = bench.store.trials.all(timed.study)
    assert (first.state, second.state) == (TrialState.FAILED, TrialState.COMPLETE)
    assert "out of memory" in (first.reason or "") and "Traceback" not in (first.reason or "")
    assert first.architecture == made_visits[0]


class Anywhere(Here):
    """A station whose host has the devices of this one."""

    def device(self, target: Target) -> Device:
        return super().device(target.there)


def test_a_worker_that_cannot_even_hand_back_did_not_die_at_its_trial(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **named: object) -> None:
        raise StoreFull("no room")

    for _ in range(3):
        with monkeypatch.context() as patched, pytest.raises(StoreFull):
            for name in ("propose", "release"):
                patched.setattr(bench.store.trials, name, full)
            patched.setattr(heirs, "_alive", lambda worker: False)
            Worker(bench, Limits(trials=1)).work()
    monkeypatch.setattr(heirs, "_alive", lambda worker: False)
    Worker(bench, Limits(trials=1)).work()
    (row,) = bench.store.trials.all(bench.study)
    assert (row.state, row.deaths) == (TrialState.COMPLETE, 0)


def test_a_worker_that_left_its_mark_died_at_its_trial(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.store.trials.reserve(bench.study, "dead")
    bench.store.workers.register(
        "dead", study_id=bench.study, host=heirs.Process.mine().host, pid=1, process_started=0.0, version="1"
    )
    presence = Presence(bench.checkpoints.artifacts)
    presence.arrive("dead")
    taken = Worker(bench, Limits(trials=1))._next()
    assert taken is not None and taken.deaths == 1
    assert not presence.left_behind("dead")


class Killed(BaseException):
    """What no code of the worker's runs after."""


@pytest.mark.parametrize("end", [Drained, Killed], ids=["handed back", "killed"])
def test_seconds_and_joules_of_a_trial_add_up_those_of_all_who_were_at_it(
    longer: Workbench, end: type[BaseException]
) -> None:
    asked: list[int] = []

    def stop_after_a_rung() -> bool:
        asked.append(1)
        if len(asked) > 4:
            raise end
        return False

    def ticking(step: float) -> Workbench:
        ticks = (step * count for count in range(10**9))
        return replace(longer, clock=lambda: next(ticks))

    with pytest.raises(end):
        run_next(replace(ticking(1000.0), draining=stop_after_a_rung))
    (broken,) = longer.store.trials.all(longer.study)
    assert broken.seconds["training"] >= 1000 and broken.seconds["training"] % 1000 == 0
    longer.store.trials.release("me")
    (live,) = longer.store.trials.live(longer.study)
    taken = longer.store.trials.take_over(live, "heir")
    assert taken is not None
    assert TrialRunner(ticking(1.0), taken).run().state is TrialState.COMPLETE
    (row,) = longer.store.trials.all(longer.study)
    assert {kind: row.seconds[kind] // 1000 for kind in row.seconds} == {
        kind: broken.seconds[kind] // 1000 for kind in broken.seconds
    }
    assert row.seconds["training"] > broken.seconds["training"]
    assert set(broken.joules or ()) <= set(row.joules or ())


@pytest.mark.parametrize(("waits", "deaths"), [(1, 1), (4, 0)], ids=["before the first rung", "after it"])
def test_deaths_count_until_something_of_the_trial_was_kept(longer: Workbench, waits: int, deaths: int) -> None:
    reserved = longer.store.trials.reserve(longer.study, "w1")
    assert reserved is not None
    trial = longer.store.trials.take_over(reserved, "w2", died=True)
    assert trial is not None and trial.deaths == 1
    asked: list[int] = []
    stopped = replace(longer, draining=lambda: len(asked) > waits or bool(asked.append(1)))
    with pytest.raises(Drained):
        TrialRunner(stopped, trial).run()
    (row,) = longer.store.trials.all(longer.study)
    assert row.deaths == deaths


def test_weights_that_cannot_be_written_while_concluding_stop_the_worker(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, _ = run_next(bench)
    bench.checkpoints.path(bench.store.runs.get(row.run or 0).key).unlink()

    def full(tensors: object, file: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "save_file", full)
    with pytest.raises(ArtifactsUnwritable):
        Worker(bench, Limits(trials=1)).work()
    assert bench.store.studies.by_id(bench.study).state is StudyState.RUNNING


ONE = {
    "name": "one",
    "title": "Two points",
    "topology": "encoder",
    "stem": "patches",
    "dimensions": {"stem.size": 4, "encoder.depth": 1, "encoder.width": [8, 16], "encoder.mixer": "identity"},
}


def test_a_worker_on_an_exhausted_space_adds_no_row(
    bench: Workbench, digits: Task, tmp_path: Path, made: Callable[..., Workbench]
) -> None:
    tiny = made(bench.store, replace(bench.spec, space=SearchSpace.from_dict(ONE)), digits, tmp_path, "tiny")
    Worker(tiny, Limits(trials=20)).work()
    ended = len(tiny.store.trials.all(tiny.study))
    Worker(tiny, Limits(trials=30)).work()
    assert len(tiny.store.trials.all(tiny.study)) == ended < 20


def test_a_worker_stops_though_a_point_of_the_space_fails_always(
    bench: Workbench, digits: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Callable[..., Workbench]
) -> None:
    def fail(self: object) -> Iterator[None]:
        raise TrainingFailed("loss became nan")
        yield

    monkeypatch.setattr(trial_runner.Trainer, "run", fail)
    tiny = made(bench.store, replace(bench.spec, space=SearchSpace.from_dict(ONE)), digits, tmp_path, "tiny")
    Worker(tiny, Limits(trials=40)).work()
    rows = tiny.store.trials.all(tiny.study)
    assert {row.state for row in rows} == {TrialState.FAILED}
    assert len(rows) < 40
