from paretoformer.records.trial import TrialState
from paretoformer.store import FrontMemberRow, Store, StudyRow


def member(trial: int, rank: int, target: str | None = None, tied: bool = False) -> FrontMemberRow:
    return FrontMemberRow(target=target, trial=trial, rank=rank, tied=tied)


def reserved(store: Store, study: StudyRow) -> int:
    trial = store.trials.reserve(study.id, "w")
    assert trial
    return trial.id


def test_fronts_are_found_as_they_were_put_each_in_its_order(store: Store, study: StudyRow) -> None:
    one, two = reserved(store, study), reserved(store, study)
    put = [member(two, 1), member(one, 2, tied=True), member(one, 1, "cpu"), member(two, 1, "cuda")]
    store.fronts.replace(study.id, put[::-1])
    assert sorted(store.fronts.all(study.id), key=put.index) == put
    assert [each.rank for each in store.fronts.all(study.id) if each.target is None] == [1, 2]


def test_what_is_put_takes_the_place_of_what_stood_and_of_no_other_study(store: Store, study: StudyRow) -> None:
    other = store.studies.create("other", spec={}, seed=0)
    mine, theirs = reserved(store, study), reserved(store, other)
    store.fronts.replace(other.id, [member(theirs, 1)])
    for _ in range(2):
        store.fronts.replace(study.id, [member(mine, 1), member(mine, 1, "cpu")])
    assert len(store.fronts.all(study.id)) == 2
    store.fronts.replace(study.id, [])
    assert store.fronts.all(study.id) == []
    assert store.fronts.all(other.id) == [member(theirs, 1)]


def test_a_deleted_study_has_no_front_and_gets_none(store: Store, study: StudyRow) -> None:
    trial = reserved(store, study)
    store.fronts.replace(study.id, [member(trial, 1)])
    store.studies.delete("digits")
    assert store.fronts.all(study.id) == []
    store.fronts.replace(study.id, [member(trial, 1)])
    assert store.fronts.all(study.id) == []


def test_what_a_trial_has_cost_may_grow_after_its_end(store: Store, study: StudyRow) -> None:
    trial = store.trials.reserve(study.id, "w")
    assert trial
    ended = store.trials.end(trial, TrialState.COMPLETE, seconds={"training": 2.0}, joules={"training": 8.0})
    assert ended.joules == {"training": 8.0}
    store.trials.add_spent(trial.id, seconds={"training": 1.0, "measuring": 0.5}, joules={"measuring": 4.0})
    (found,) = store.trials.all(study.id)
    assert found.seconds == {"training": 3.0, "measuring": 0.5}
    assert found.joules == {"training": 8.0, "measuring": 4.0}


def test_why_joules_are_unknown_is_kept_and_nothing_read_stays_nothing(store: Store, study: StudyRow) -> None:
    first, second = (store.trials.reserve(study.id, "w") for _ in range(2))
    assert first and second
    store.trials.end(first, TrialState.COMPLETE, joules={"unknown": "no counter"})
    store.trials.end(second, TrialState.FAILED)
    store.trials.add_spent(first.id, seconds={}, joules={"unknown": "another"})
    store.trials.add_spent(second.id, seconds={"measuring": 1.0})
    assert [row.joules for row in store.trials.all(study.id)] == [{"unknown": "no counter"}, None]


def test_how_far_the_end_of_a_study_is_stands_in_its_row(store: Store, study: StudyRow) -> None:
    assert study.closing is None
    store.studies.set_closing(study.id, {"step": "x", "done": 1, "of": 3})
    assert store.studies.by_id(study.id).closing == {"step": "x", "done": 1, "of": 3}
    store.studies.set_closing(study.id, None)
    assert store.studies.by_id(study.id).closing is None
