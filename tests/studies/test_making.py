"""Making a study, or making sure that the one there is the one asked for."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.hardware_models.measuring import MakeVisit
from paretoformer.hardware_models.meters.base import Visit
from paretoformer.records.errors import UserError
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.store import Store
from paretoformer.store.rows import StudyState
from paretoformer.studies import making
from paretoformer.studies import preflight as preflights
from paretoformer.studies.effort import Place
from paretoformer.studies.making import made_at, make_or_resume, surveyed
from paretoformer.studies.planning import Plan, Request, plan
from paretoformer.studies.stations import Here


@pytest.fixture
def request_of_costs(space: SearchSpace) -> Request:
    return Request(what="digits", space=space, objectives="accuracy, -macs", budget=128)


@pytest.fixture
def planned(request_of_costs: Request) -> Plan:
    return plan(request_of_costs)


@pytest.fixture
def untimed(request_of_costs: Request, fake_visits: MakeVisit) -> Plan:
    """With latency as an objective, measured by fakes."""
    return plan(replace(request_of_costs, objectives="accuracy, -latency"), Here(fake_visits))


@pytest.fixture
def timed(request_of_costs: Request, fake_visits: MakeVisit) -> Plan:
    """With a bound on latency that nothing meets."""
    return plan(replace(request_of_costs, subject_to=("latency <= 1ns",)), Here(fake_visits))


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


def test_a_bound_on_a_measured_cost_that_cannot_be_met_makes_no_study(store: Store, timed: Plan) -> None:
    with pytest.raises(UserError, match="latency <= 1 ns cannot be met"):
        make_or_resume(store, "new", timed, surveyed(timed))
    assert store.studies.all() == []


def at(study: str = "new", storage: str = "sqlite:///new.db") -> Place:
    return Place(study=study, storage=storage, artifacts=Path("deep/artifacts"))


def test_a_new_file_has_the_study_and_what_its_pre_flight_measured(scratch: Path, untimed: Plan) -> None:
    looked = made_at(at(), untimed, surveyed(untimed))
    assert {path.name for path in scratch.iterdir()} == {"new.db", "deep"}
    with Store.open("sqlite:///new.db") as store:
        assert looked is not None and store.studies.get("new").reference == looked.reference
        assert store.database.read_one(text("SELECT count(*) AS visits FROM visit")) == {"visits": 6}
        assert store.database.read_one(text("PRAGMA journal_mode")) == {"journal_mode": "wal"}


def test_a_study_is_added_to_a_file_that_is_there(scratch: Path, planned: Plan) -> None:
    made_at(at("one"), planned, surveyed(planned))
    assert made_at(at("two"), planned, surveyed(planned)) is not None
    assert made_at(at("one"), planned, surveyed(planned)) is None
    with Store.open("sqlite:///new.db") as store:
        assert [row.name for row in store.studies.all()] == ["one", "two"]


def test_a_bound_on_a_measured_cost_that_cannot_be_met_leaves_nothing(scratch: Path, timed: Plan) -> None:
    with pytest.raises(UserError, match="latency <= 1 ns cannot be met"):
        made_at(at(), timed, surveyed(timed))
    assert not list(scratch.iterdir())


def test_memory_that_runs_out_in_the_pre_flight_is_told_and_leaves_nothing(
    scratch: Path, untimed: Plan, fake_visits: MakeVisit
) -> None:
    made = []

    def too_large(*visit: Any) -> Visit:
        made.append(visit)
        if len(made) > 7:
            raise MeasuringFailed(
                "the measuring process was ended by SIGKILL; the system does that when memory runs out."
            )
        return fake_visits(*visit)

    crowded = replace(untimed, station=Here(too_large))
    with pytest.raises(UserError, match="The middle sampled architecture of space small cannot be measured .* SIGKILL"):
        made_at(at(), crowded, surveyed(crowded))
    assert not list(scratch.iterdir())


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_memory_that_runs_out_in_training_is_told_and_leaves_nothing(
    scratch: Path, planned: Plan, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def too_large(*arguments: object, **named: object) -> None:
        raise error

    monkeypatch.setattr(preflights, "build", too_large)
    with pytest.raises(UserError, match="The middle .* cannot be trained here: memory runs out"):
        made_at(at(), planned, surveyed(planned))
    assert not list(scratch.iterdir())


def test_a_file_that_cannot_be_made_is_refused_before_anything_is_measured(scratch: Path, timed: Plan) -> None:
    with pytest.raises(UserError, match="the folder 'no' does not exist"):
        made_at(at(storage="sqlite:///no/new.db"), timed, surveyed(timed))
    assert not list(scratch.iterdir())


def test_a_resume_that_is_refused_leaves_no_new_artefact_folder(
    scratch: Path, planned: Plan, request_of_costs: Request
) -> None:
    made_at(replace(at(), artifacts=Path("old")), planned, surveyed(planned))
    other = plan(replace(request_of_costs, seed=5))
    with pytest.raises(UserError, match="seed: 0, not 5"):
        made_at(at(), other, surveyed(other))
    assert {path.name for path in scratch.iterdir()} == {"new.db", "old"}


def test_an_artefact_folder_that_holds_something_stays(scratch: Path, timed: Plan) -> None:
    (scratch / "deep").mkdir()
    (scratch / "deep" / "mine.txt").write_text("mine")
    with pytest.raises(UserError):
        made_at(at(), timed, surveyed(timed))
    assert [path.name for path in (scratch / "deep").iterdir()] == ["mine.txt"]
