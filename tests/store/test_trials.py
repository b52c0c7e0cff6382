from dataclasses import replace

import pytest

from paretoformer.records.trial import Outcome, TrialState
from paretoformer.store import LeaseLost, LiveTrial, Store, StudyRow, TrialRow

ARCHITECTURE = "a" * 64
POINT = {"encoder.depth": 3, "encoder.mixer[0]": "linear", "lr": 0.1, "gated": True}


@pytest.fixture
def trial(store: Store, study: StudyRow) -> TrialRow:
    return reserved(store, study)


def reserved(store: Store, study: StudyRow, owner: str = "w1") -> TrialRow:
    trial = store.trials.reserve(study.id, owner)
    assert trial is not None
    return trial


def test_numbers_start_at_one_and_leave_no_gap(store: Store, study: StudyRow) -> None:
    assert [reserved(store, study).number for _ in range(4)] == [1, 2, 3, 4]


def test_each_study_numbers_its_own_trials(store: Store, study: StudyRow, trial: TrialRow) -> None:
    assert reserved(store, store.studies.create("other", spec={}, seed=0)).number == 1


def test_a_reserved_trial_is_its_owners_in_the_first_epoch(store: Store, study: StudyRow, trial: TrialRow) -> None:
    assert (trial.state, trial.owner, trial.epoch, trial.heartbeat) == (TrialState.RESERVED, "w1", 1, 0)
    assert (trial.started, trial.ended, trial.outcome) == (1_000.1, None, None)
    assert store.trials.get(study.id, 1) == trial


def test_no_trial_is_reserved_beyond_the_limit(store: Store, study: StudyRow) -> None:
    assert [bool(store.trials.reserve(study.id, "w", limit=2)) for _ in range(3)] == [True, True, False]
    assert store.studies.get("digits").trials == 2


def test_history_is_the_last_end_at_the_time_of_reserving(store: Store, study: StudyRow) -> None:
    first, second = reserved(store, study), reserved(store, study)
    store.trials.end(second, TrialState.INVALID, reason="no")
    third = reserved(store, study)
    store.trials.end(first, TrialState.INVALID, reason="no")
    assert (first.history, second.history, third.history, reserved(store, study).history) == (0, 0, 1, 2)


def test_outcomes_are_numbered_in_the_order_of_the_ends(store: Store, study: StudyRow) -> None:
    trials = [reserved(store, study) for _ in range(3)]
    ends = [store.trials.end(trials[index], TrialState.COMPLETE, values=(0.5,)) for index in (2, 0, 1)]
    assert [end.outcome for end in ends] == [1, 2, 3]
    assert [outcome.number for outcome in store.trials.outcomes(study.id)] == [3, 1, 2]


def test_outcomes_are_read_from_after_one_up_to_another(store: Store, study: StudyRow) -> None:
    for _ in range(5):
        store.trials.end(reserved(store, study), TrialState.COMPLETE)
    assert [outcome.number for outcome in store.trials.outcomes(study.id, after=1, upto=3)] == [2, 3]
    assert [outcome.number for outcome in store.trials.outcomes(study.id, after=3)] == [4, 5]


def test_an_outcome_holds_what_was_proposed_and_what_came_of_it(store: Store, study: StudyRow, trial: TrialRow) -> None:
    trial = store.trials.propose(trial, point=POINT, architecture=ARCHITECTURE, memo={"generation": 4})
    store.trials.end(trial, TrialState.OVER_CONSTRAINT, values=(0.1 + 0.2, 1e-300), violations={"params": 0.25})
    assert store.trials.outcomes(study.id) == [
        Outcome(
            number=1,
            state=TrialState.OVER_CONSTRAINT,
            point=POINT,
            values=(0.1 + 0.2, 1e-300),
            violations={"params": 0.25},
            memo={"generation": 4},
        )
    ]


def test_the_memo_of_the_end_replaces_that_of_the_proposal(store: Store, study: StudyRow, trial: TrialRow) -> None:
    trial = store.trials.propose(trial, point=POINT, memo={"generation": 1})
    assert store.trials.end(trial, TrialState.COMPLETE, memo={"generation": 2}).memo == {"generation": 2}


def test_a_trial_passes_through_its_states_with_all_that_is_written(
    store: Store, study: StudyRow, trial: TrialRow, new_run, clock
) -> None:
    run = new_run("k")
    trial = store.trials.propose(trial, point=POINT, architecture=ARCHITECTURE)
    assert (trial.state, trial.point, trial.architecture) == (TrialState.RESERVED, POINT, ARCHITECTURE)
    trial = store.trials.set_running(trial)
    trial = store.trials.set_running(trial, run=run.id)
    assert (trial.state, trial.run) == (TrialState.RUNNING, run.id)
    clock.now = 2_000.2
    trial = store.trials.end(trial, TrialState.PRUNED, reason="behind", values=(1.0, 2.0), seconds={"training": 2.5})
    assert store.trials.get(study.id, 1) == trial == store.trials.all(study.id)[0]
    assert (trial.state, trial.reason, trial.values) == (TrialState.PRUNED, "behind", (1.0, 2.0))
    assert (trial.ended, trial.seconds) == (2_000.2, {"training": 2.5})


@pytest.mark.parametrize("changed", [{"owner": "w2"}, {"epoch": 2}, {"owner": None}], ids=str)
@pytest.mark.parametrize("write", ["propose", "set_running", "end"])
def test_a_write_without_the_lease_changes_nothing(
    store: Store, study: StudyRow, trial: TrialRow, changed: dict[str, object], write: str
) -> None:
    writes = {
        "propose": lambda row: store.trials.propose(row, point=POINT),
        "set_running": lambda row: store.trials.set_running(row),
        "end": lambda row: store.trials.end(row, TrialState.COMPLETE),
    }
    with pytest.raises(LeaseLost, match="trial 1"):
        writes[write](replace(trial, **changed))
    assert store.trials.get(study.id, 1) == trial
    assert store.studies.get("digits").outcomes == 0


def test_an_end_adds_to_what_was_spent_before(store: Store, study: StudyRow, trial: TrialRow) -> None:
    store.trials.add_spent(trial.id, seconds={"training": 2.0}, joules={"training": 5.0})
    end = store.trials.end(trial, TrialState.FAILED, seconds={"training": 1.0, "other": 0.5}, joules={"training": 1.0})
    assert (end.seconds, end.joules) == ({"training": 3.0, "other": 0.5}, {"training": 6.0})


def test_a_trial_ends_once(store: Store, study: StudyRow, trial: TrialRow) -> None:
    ended = store.trials.end(trial, TrialState.COMPLETE, values=(1.0,))
    with pytest.raises(LeaseLost):
        store.trials.end(ended, TrialState.FAILED)
    assert store.trials.all(study.id) == [ended]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_is_refused_and_leaves_no_gap(
    store: Store, study: StudyRow, trial: TrialRow, value: float
) -> None:
    with pytest.raises(ValueError, match="JSON"):
        store.trials.end(trial, TrialState.COMPLETE, values=(value,))
    assert store.trials.end(trial, TrialState.FAILED).outcome == 1


def test_a_reason_may_hold_any_characters(store: Store, trial: TrialRow) -> None:
    ended = store.trials.end(trial, TrialState.FAILED, reason="\x00 \ud800 \N{SNOWMAN}")
    assert ended.reason == "\N{REPLACEMENT CHARACTER} ? \N{SNOWMAN}"


def test_a_heartbeat_raises_the_counters_of_the_owners_live_trials(store: Store, study: StudyRow) -> None:
    mine, ended, other = reserved(store, study), reserved(store, study), reserved(store, study, "w2")
    store.trials.end(ended, TrialState.COMPLETE)
    assert store.trials.heartbeat("w1") == 1
    assert store.trials.live(study.id) == [
        LiveTrial(id=mine.id, number=1, owner="w1", epoch=1, heartbeat=1),
        LiveTrial(id=other.id, number=3, owner="w2", epoch=1, heartbeat=0),
    ]


def test_an_heir_takes_a_trial_over_and_the_former_owner_loses_it(
    store: Store, study: StudyRow, trial: TrialRow
) -> None:
    (seen,) = store.trials.live(study.id)
    heirs = store.trials.take_over(seen, "w2")
    assert heirs is not None
    assert (heirs.owner, heirs.epoch) == ("w2", 2)
    with pytest.raises(LeaseLost):
        store.trials.end(trial, TrialState.COMPLETE)
    assert store.trials.end(heirs, TrialState.COMPLETE).outcome == 1


def test_one_of_two_heirs_is_faster(store: Store, study: StudyRow, trial: TrialRow) -> None:
    assert store.trials.take_over(trial, "w2") is not None
    assert store.trials.take_over(trial, "w3") is None


def test_a_trial_whose_owner_beat_meanwhile_is_not_taken_over(store: Store, study: StudyRow, trial: TrialRow) -> None:
    store.trials.heartbeat("w1")
    assert store.trials.take_over(trial, "w2") is None


def test_an_ended_trial_is_not_taken_over(store: Store, trial: TrialRow) -> None:
    assert store.trials.take_over(store.trials.end(trial, TrialState.COMPLETE), "w2") is None


def test_what_was_proposed_goes_to_the_heir(store: Store, trial: TrialRow) -> None:
    seen = store.trials.propose(trial, point=POINT, memo={"generation": 1})
    heirs = store.trials.take_over(seen, "w2")
    assert heirs is not None
    assert (heirs.point, heirs.memo, heirs.history) == (POINT, {"generation": 1}, trial.history)


def test_a_released_trial_is_nobodys_and_can_be_taken_at_once(store: Store, study: StudyRow, trial: TrialRow) -> None:
    store.trials.end(reserved(store, study), TrialState.COMPLETE)
    assert store.trials.release("w1") == 1
    with pytest.raises(LeaseLost):
        store.trials.set_running(trial)
    (seen,) = store.trials.live(study.id)
    assert seen.owner is None
    assert store.trials.take_over(seen, "w2") is not None


def test_deaths_are_counted_where_the_heir_knows_of_them(store: Store, study: StudyRow, trial: TrialRow) -> None:
    taken, deaths = trial, []
    for owner, died in (("w2", True), ("w3", False), ("w4", True)):
        heirs = store.trials.take_over(taken, owner, died=died)
        assert heirs is not None
        taken = heirs
        deaths.append(taken.deaths)
    assert deaths == [1, 1, 2]
    assert store.trials.got_on(taken).deaths == 0


def test_only_its_owner_says_that_a_trial_got_on(store: Store, study: StudyRow, trial: TrialRow) -> None:
    heir = store.trials.take_over(trial, "w2", died=True)
    assert heir is not None
    with pytest.raises(LeaseLost):
        store.trials.got_on(trial)
    (row,) = store.trials.all(study.id)
    assert row.deaths == 1


def test_counts_name_every_state(store: Store, study: StudyRow, trial: TrialRow) -> None:
    store.trials.set_running(reserved(store, study))
    store.trials.end(reserved(store, study), TrialState.FAILED)
    counts = store.trials.counts(study.id)
    assert set(counts) == set(TrialState)
    assert {state for state, count in counts.items() if count == 1} == {
        TrialState.RESERVED,
        TrialState.RUNNING,
        TrialState.FAILED,
    }


def test_a_number_that_was_not_given_is_no_trial(store: Store, study: StudyRow, trial: TrialRow) -> None:
    assert store.trials.get(study.id, 2) is None
