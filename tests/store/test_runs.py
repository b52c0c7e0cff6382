from collections.abc import Callable

import pytest

from paretoformer.records.trial import Score, TrialState
from paretoformer.store import RunRow, RunState, Store, runs
from paretoformer.store.rows import StudyRow

Maker = Callable[[str], RunRow]


def score(rung: int = 0, value: float = 0.5, split: str = "validation", metric: str = "accuracy") -> Score:
    return Score(
        metric=metric, split=split, rung=rung, value=value, low=0.1, high=0.9, examples=2**40 + rung, seconds=1.1
    )


def test_a_key_stands_for_one_run(store: Store, new_run: Maker) -> None:
    first = new_run("k")
    assert new_run("k") == first == store.runs.find("k") == store.runs.get(first.id)
    assert new_run("other").id != first.id


def test_a_key_without_a_run_finds_nothing(store: Store) -> None:
    assert store.runs.find("k") is None


def test_a_new_run_is_running_with_the_seed_it_was_given(new_run: Maker) -> None:
    run = new_run("k")
    assert (run.state, run.seed, run.seconds, run.error) == (RunState.RUNNING, 4_000_000_000, None, None)


def test_a_run_that_exists_keeps_its_state(store: Store, new_run: Maker) -> None:
    store.runs.set_state(new_run("k").id, RunState.COMPLETE, seconds=12.5)
    again = new_run("k")
    assert (again.state, again.seconds) == (RunState.COMPLETE, 12.5)


def test_a_failed_run_says_why(store: Store, new_run: Maker) -> None:
    run = new_run("k")
    store.runs.set_state(run.id, RunState.FAILED, seconds=1.0, error="the loss is not finite")
    assert store.runs.get(run.id).error == "the loss is not finite"


def test_scores_come_back_exactly_and_by_rung(store: Store, new_run: Maker) -> None:
    run = new_run("k")
    scores = [score(2, 0.1 + 0.2), score(0, 5e-324), score(1, 1 / 3)]
    store.runs.add_scores(run.id, scores)
    assert store.runs.scores(run.id) == sorted(scores, key=lambda each: each.rung)


def test_a_score_that_stands_stays_as_it_was(store: Store, new_run: Maker) -> None:
    run = new_run("k")
    store.runs.add_scores(run.id, [score(0, 0.5)])
    store.runs.add_scores(run.id, [score(0, 0.7), score(1, 0.8)])
    assert [each.value for each in store.runs.scores(run.id)] == [0.5, 0.8]


def test_scores_are_read_for_one_split(store: Store, new_run: Maker) -> None:
    run = new_run("k")
    store.runs.add_scores(run.id, [score(split="validation"), score(split="test", value=0.4)])
    assert [each.value for each in store.runs.scores(run.id, "test")] == [0.4]


def test_no_scores_are_nothing_to_add(store: Store, new_run: Maker) -> None:
    run = new_run("k")
    store.runs.add_scores(run.id, [])
    assert store.runs.scores(run.id) == []


def test_one_score_that_is_not_finite_refuses_them_all(store: Store, new_run: Maker) -> None:
    run = new_run("k")
    with pytest.raises(ValueError, match="nan cannot be stored"):
        store.runs.add_scores(run.id, [score(0), score(1, float("nan"))])
    assert store.runs.scores(run.id) == []


def test_many_runs_are_found_by_their_keys_and_their_scores_by_run(
    store: Store, new_run: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "MOST_NAMED", 2)
    made = [new_run(key) for key in "abcde"]
    for index, run in enumerate(made):
        store.runs.add_scores(run.id, [score(1, 0.9), score(0, index / 10)])
    assert sorted(run.key for run in store.runs.of_keys(["a", "c", "e", "none"])) == ["a", "c", "e"]
    found = store.runs.scores_of([run.id for run in made[:3]])
    assert {run: [each.value for each in scores] for run, scores in found.items()} == {
        run.id: [index / 10, 0.9] for index, run in enumerate(made[:3])
    }
    assert (store.runs.of_keys([]), store.runs.scores_of([])) == ([], {})


def test_runs_are_stopped_that_no_live_trial_has(store: Store, study: StudyRow, new_run: Maker) -> None:
    first, second, done = (new_run(key) for key in ("k", "k again", "done"))
    store.runs.set_state(done.id, RunState.COMPLETE, seconds=1.0)
    trial = store.trials.reserve(study.id, "me")
    assert trial is not None
    store.trials.set_running(trial, run=first.id)
    keys = [first.key, second.key, done.key]
    store.runs.stop(first.id, keys)
    assert {store.runs.get(run.id).state for run in (first, second)} == {RunState.RUNNING}
    store.trials.end(trial, TrialState.FAILED)
    store.runs.stop(first.id, keys)
    assert {store.runs.get(run.id).state for run in (first, second)} == {RunState.STOPPED}
    assert store.runs.get(done.id).state is RunState.COMPLETE
