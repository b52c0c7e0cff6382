"""What a search has cost."""

import json
from dataclasses import replace

import pytest

from paretoformer.records.trial import TrialState
from paretoformer.store import Store
from paretoformer.store.rows import TrialRow
from paretoformer.studies.account import account
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.study import Study

from .conftest import fill


def changed(study: Study, **by_number: dict[str, object]) -> Study:
    """The study with fields of its trials (`t1`, `t2`, ...) as given."""
    rows: list[TrialRow] = [replace(row, **by_number.get(f"t{row.number}", {})) for row in study.trials]  # type: ignore[arg-type]
    study.__dict__["trials"] = rows
    return study


def test_seconds_and_ends_are_those_of_all_trials_whatever_their_end(filled: Study) -> None:
    found = account(changed(filled, t2={"seconds": {"training": 5.0, "other": 0.5}}))
    assert found.seconds == {"training": 11.0, "measuring": 3.0, "waiting": 0.0, "other": 0.5}
    assert found.ends == {TrialState.COMPLETE: 3, TrialState.FAILED: 1, TrialState.INVALID: 1}
    assert found.measuring_share == pytest.approx(3 / 14)


def test_a_member_has_its_own_account_and_a_share_of_the_whole(filled: Study) -> None:
    found = account(filled)
    assert [(each.trial, each.seconds["training"]) for each in found.members] == [(1, 2.0), (3, 2.0)]
    assert found.per_member == {"training": 3.0, "measuring": 1.5, "waiting": 0.0, "other": 0.0}


def test_trials_under_way_are_not_in_it(filled: Study) -> None:
    filled.store.trials.reserve(filled.row.id, "me")
    assert sum(account(Study(filled.store, filled.row.id)).ends.values()) == 5


def test_an_empty_study_has_cost_nothing_and_has_no_shares(store: Store, timed_spec: StudySpec) -> None:
    found = account(fill(store, timed_spec, rows=()))
    assert (found.total, found.measuring_share, found.per_member) == (0.0, None, None)
    assert (found.joules.spent, found.joules.unknown) == ({}, None)


def test_joules_add_up_where_a_counter_told(filled: Study) -> None:
    joules = [{"training": 8.0, "measuring": 1.0}, {"training": 2.0}]
    spans = [{"started": 0.0, "ended": 1.0}, {"started": 2.0, "ended": 3.0}]
    found = account(changed(filled, t1={"joules": joules[0], **spans[0]}, t3={"joules": joules[1], **spans[1]}))
    assert (found.joules.spent, found.joules.trials) == ({"training": 10.0, "measuring": 1.0}, 2)


def test_joules_of_trials_that_ran_together_are_an_upper_bound(filled: Study) -> None:
    spans = [{"started": 0.0, "ended": 2.5}, {"started": 2.0, "ended": 3.0}]
    found = account(
        changed(filled, **{f"t{n}": {"joules": {"training": 4.0}, **s} for n, s in zip((1, 3), spans, strict=True)})
    )
    assert found.joules.shared
    assert found.joules.spent == {"training": 8.0}


def test_joules_that_nobody_could_read_are_unknown_with_the_reason_and_no_zero(filled: Study) -> None:
    unread = {f"t{number}": {"joules": {"unknown": "no counter"}} for number in (1, 3, 4)}
    found = account(changed(filled, **unread))
    assert (found.joules.spent, found.joules.unknown) == ({}, "no counter")


def test_it_is_plain_json(filled: Study) -> None:
    shown = json.loads(json.dumps(account(filled).to_json()))
    assert shown["ends"] == {"complete": 3, "failed": 1, "invalid": 1}
    assert shown["joules"]["unknown"] == "it was not read"
    assert shown["seconds_per_member"]["training"] == 3.0
