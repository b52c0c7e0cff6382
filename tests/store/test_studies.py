from pathlib import Path

import pytest

from paretoformer.records.errors import UserError
from paretoformer.records.trial import TrialState
from paretoformer.store import Store, StudyRow, StudyState
from paretoformer.store.address import parse_address
from paretoformer.store.database import Database


def test_a_study_is_found_as_it_was_made(store: Store, study: StudyRow) -> None:
    assert store.studies.get("digits") == study == store.studies.by_id(study.id)
    assert (study.spec, study.seed, study.reference) == ({"space": "small"}, 7, (1.0, 2.5))
    assert (study.created, study.state, study.trials) == (1_000.1, StudyState.RUNNING, 0)


def test_a_name_stands_for_one_study(store: Store, study: StudyRow) -> None:
    with pytest.raises(UserError, match="'digits' is a study of .* already"):
        store.studies.create("digits", spec={}, seed=0)
    assert store.studies.all() == [study]


@pytest.mark.parametrize("name", ["", "  "])
def test_a_study_has_a_name(store: Store, study: StudyRow, name: str) -> None:
    with pytest.raises(UserError, match="not empty"):
        store.studies.create(name, spec={}, seed=0)
    with pytest.raises(UserError, match="not empty"):
        store.studies.rename("digits", name)


def test_an_unknown_name_is_answered_with_those_that_are_known(store: Store, study: StudyRow) -> None:
    store.studies.create("reviews", spec={}, seed=0)
    for ask in (store.studies.get, store.studies.delete, lambda name: store.studies.rename(name, "new")):
        with pytest.raises(UserError, match="'digit' is not a study of .*; studies: digits, reviews"):
            ask("digit")
    assert store.studies.find("digit") is None


def test_studies_are_listed_oldest_first(store: Store, study: StudyRow) -> None:
    store.studies.create("a", spec={}, seed=0)
    assert [each.name for each in store.studies.all()] == ["digits", "a"]


def test_a_renamed_study_keeps_its_trials(store: Store, study: StudyRow) -> None:
    store.trials.reserve(study.id, "w")
    renamed = store.studies.rename("digits", "numbers")
    assert (renamed.id, renamed.trials) == (study.id, 1)
    assert store.studies.find("digits") is None


def test_a_study_cannot_take_the_name_of_another(store: Store, study: StudyRow) -> None:
    store.studies.create("reviews", spec={}, seed=0)
    with pytest.raises(UserError, match="'reviews' is a study of .* already"):
        store.studies.rename("digits", "reviews")


def test_deleting_a_study_takes_its_trials_workers_and_artifacts(store: Store, study: StudyRow) -> None:
    trial = store.trials.reserve(study.id, "w")
    assert trial
    store.workers.register("w", study_id=study.id, host="h", pid=1, process_started=2.0, version="1")
    store.artifacts.add(study.id, kind="model", file="f", sha256="0", trial=trial.id)
    store.studies.delete("digits")
    assert store.trials.all(study.id) == store.workers.all(study.id) == store.artifacts.all(study.id) == []


def test_deleting_a_study_leaves_what_other_studies_may_use(store: Store, study: StudyRow, key, new_run) -> None:
    trial = store.trials.reserve(study.id, "w")
    assert trial
    run = new_run("k")
    store.trials.set_running(trial, run=run.id)
    store.visits.add(key, {"ratio": 1.5}, trial=trial.id)
    store.studies.delete("digits")
    assert store.runs.find("k") == run
    assert [(visit.result, visit.trial) for visit in store.visits.find(key)] == [({"ratio": 1.5}, None)]


def test_the_id_of_a_deleted_study_is_not_given_again(store: Store, study: StudyRow) -> None:
    store.studies.delete("digits")
    assert store.studies.create("digits", spec={}, seed=0).id != study.id
    assert store.trials.reserve(study.id, "w") is None


def test_a_deleted_study_cannot_be_written(store: Store, study: StudyRow) -> None:
    store.studies.delete("digits")
    for write in (
        lambda: store.studies.set_state(study.id, StudyState.ENDED),
        lambda: store.studies.by_id(study.id),
    ):
        with pytest.raises(UserError, match="was deleted"):
            write()


def test_the_reference_is_what_it_was_made_with_and_the_state_what_was_set_last(store: Store) -> None:
    made = store.studies.create("referred", spec={}, seed=0, reference=(0.1, 1e-9))
    store.studies.set_state(made.id, StudyState.ENDED)
    found = store.studies.get("referred")
    assert (found.reference, found.state) == ((0.1, 1e-9), StudyState.ENDED)


def test_a_study_may_have_no_reference_yet(store: Store) -> None:
    assert store.studies.create("new", spec={}, seed=0).reference is None


def test_a_study_counts_its_trials_and_ends(store: Store, study: StudyRow) -> None:
    first, _ = store.trials.reserve(study.id, "w"), store.trials.reserve(study.id, "w")
    assert first
    store.trials.end(first, TrialState.FAILED, reason="out of memory")
    found = store.studies.get("digits")
    assert (found.trials, found.outcomes) == (2, 1)


def test_json_is_stored_in_one_spelling(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/s.db") as store:
        store.studies.create("s", spec={"b": 1, "a": [1.5, None]}, seed=0)
    database = Database(parse_address(f"sqlite:///{tmp_path}/s.db"), create=False, read_only=True, wait_s=1.0)
    spelled = database.with_connection(lambda connection: connection.exec_driver_sql("SELECT spec FROM study").scalar())
    database.close()
    assert spelled == '{"a":[1.5,null],"b":1}'
