"""Making a study, or making sure that the one there is the one asked for."""

from dataclasses import replace
from pathlib import Path

import pytest

from paretoformer.records.errors import UserError
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.store import Store
from paretoformer.store.rows import StudyState
from paretoformer.studies import making
from paretoformer.studies import preflight as preflights
from paretoformer.studies.making import looked_before, make_or_resume, surveyed
from paretoformer.studies.planning import Plan, Request, plan
from paretoformer.studies.visits import MakeVisit


@pytest.fixture
def request_of_costs(space: SearchSpace) -> Request:
    return Request(what="digits", space=space, objectives="accuracy, -macs", budget=128)


@pytest.fixture
def planned(request_of_costs: Request) -> Plan:
    return plan(request_of_costs)


@pytest.fixture
def timed(request_of_costs: Request, fake_visits: MakeVisit, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """With a bound on latency that nothing meets."""
    monkeypatch.setattr(preflights, "visits_under", lambda lease: fake_visits)
    return plan(replace(request_of_costs, subject_to=("latency <= 1ns",)))


def test_a_new_study_has_the_spec_and_the_reference_of_its_pre_flight(store: Store, planned: Plan) -> None:
    row, looked = make_or_resume(store, "new", planned, surveyed(planned))
    assert looked is not None
    assert (row.reference, row.spec) == (looked.reference, planned.spec.to_json())


def test_a_study_that_is_there_is_resumed_without_a_pre_flight(
    store: Store, planned: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = surveyed(planned)
    made, _ = make_or_resume(store, "one", planned, found)
    store.studies.set_state(made.id, StudyState.ENDED)
    monkeypatch.delattr(making, "preflight")
    again, looked = make_or_resume(store, "one", planned, found)
    assert (again.id, looked) == (made.id, None)
    assert store.studies.get("one").state is StudyState.RUNNING


def test_another_request_under_the_same_name_is_refused_with_the_difference(
    store: Store, planned: Plan, request_of_costs: Request
) -> None:
    make_or_resume(store, "one", planned, surveyed(planned))
    other = plan(replace(request_of_costs, seed=5))
    with pytest.raises(UserError, match="Study one was made with seed: 0, not 5"):
        make_or_resume(store, "one", other, surveyed(other))


def test_a_bound_on_a_count_that_cannot_be_met_is_refused_before_any_database(request_of_costs: Request) -> None:
    strict = plan(replace(request_of_costs, subject_to=("params <= 1", "macs <= 1")))
    with pytest.raises(UserError, match="params <= 1 cannot be met: .*; macs <= 1 cannot be met: the smallest found"):
        surveyed(strict)


def test_a_bound_on_a_measured_cost_that_cannot_be_met_leaves_no_file(scratch: Path, timed: Plan) -> None:
    with pytest.raises(UserError, match="latency <= 1 ns cannot be met"):
        looked_before("sqlite:///new.db", timed, surveyed(timed))
    assert not list(scratch.iterdir())


def test_a_bound_on_a_measured_cost_that_cannot_be_met_makes_no_study(store: Store, timed: Plan) -> None:
    with pytest.raises(UserError, match="latency <= 1 ns cannot be met"):
        make_or_resume(store, "new", timed, surveyed(timed))
    assert store.studies.all() == []


def test_nothing_is_looked_at_before_where_no_bound_may_refuse(scratch: Path, planned: Plan) -> None:
    assert looked_before("sqlite:///new.db", planned, surveyed(planned)) is None


def test_a_file_that_cannot_be_made_is_refused_before_anything_is_measured(scratch: Path, timed: Plan) -> None:
    with pytest.raises(UserError, match="the folder 'no' does not exist"):
        looked_before("sqlite:///no/new.db", timed, surveyed(timed))
