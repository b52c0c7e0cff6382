"""Other hosts measure through their stations, and nothing of what they answer is lost or invented."""

import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from paretoformer.hardware_models.converting import CannotRun
from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.hardware_models.measuring import MakeVisit
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.records.errors import Unavailable, UserError
from paretoformer.records.target import Target, parse_target
from paretoformer.search_spaces.preset import load_preset
from paretoformer.store import Store
from paretoformer.studies import stations
from paretoformer.studies.distant import PATIENCE_S, Distant
from paretoformer.studies.ending import Drained
from paretoformer.studies.planning import Request, plan
from paretoformer.studies.station_process import answer_all, answered
from paretoformer.studies.stations import Here, Station, StationGone, Stations

PRESET = load_preset("vit-tiny-digits")
SUBJECT = Subject(architecture=PRESET.architecture, signature=PRESET.signature)
TARGET = parse_target("cpu@pi4:eager:fp32:1:prefill/1/1")


@pytest.fixture
def distant(tmp_path: Path, fake_visits: MakeVisit) -> Iterator[Callable[..., Distant]]:
    """Host pi4 with a station that answers by fakes, beside us on one database."""
    url, stopped = f"sqlite:///{tmp_path}/shared.db", threading.Event()
    threads: list[threading.Thread] = []

    def make(visits: MakeVisit = fake_visits) -> Distant:
        theirs = Store.open(url)
        theirs.stations.arrive("pi4", "s1", pid=1, version="0")
        arguments = (theirs, "pi4", Here(visits), stopped, lambda text: None)
        threads.append(threading.Thread(target=answer_all, args=arguments))
        threads[-1].start()
        return Distant("pi4", lambda: Store.open(url, create=False))

    yield make
    stopped.set()
    for thread in threads:
        thread.join()


def test_a_visit_comes_back_as_it_was_made_with_the_target_as_it_was_asked(distant, fake_visits) -> None:
    found = distant().visit(LatencyMeter(), SUBJECT, TARGET)
    made = fake_visits(LatencyMeter(), SUBJECT, TARGET.there)
    assert found.target == str(TARGET)
    assert (found.readings, found.conditions) == (made.readings, made.conditions)


def test_the_settings_of_a_meter_travel(distant) -> None:
    seen: list[Meter] = []

    def make(meter: Meter, subject: Subject, target: Target) -> Visit:
        seen.append(meter)
        raise MeasuringFailed("it was only looked at")

    meter = LatencyMeter.from_json({"pace": {**LatencyMeter().to_json()["pace"], "window_s": 0.125}})
    with pytest.raises(MeasuringFailed, match="it was only looked at"):
        distant(make).visit(meter, SUBJECT, TARGET)
    assert seen == [meter]


def test_a_target_is_filled_there_and_named_as_the_asker_names_it(distant) -> None:
    station = distant()
    filled = station.fill(parse_target("cpu@pi4"), SUBJECT.signature)
    assert str(filled) == "cpu@pi4:eager:fp32:1:prefill/1/1"
    assert station.meter("latency", filled) == LatencyMeter()
    assert station.device(filled).name == "cpu@pi4"


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (UserError("no such thing."), UserError),
        (Unavailable("no counter"), Unavailable),
        (MeasuringFailed("it was killed"), MeasuringFailed),
        (ZeroDivisionError("by zero"), MeasuringFailed),
        (CannotRun("it has no room"), CannotRun),
    ],
)
def test_what_goes_wrong_there_is_raised_here(distant, raised, told) -> None:
    def make(meter: Meter, subject: Subject, target: Target) -> Visit:
        raise raised

    with pytest.raises(told, match=str(raised)):
        distant(make).visit(LatencyMeter(), SUBJECT, TARGET)


def test_what_cannot_run_there_is_told_with_the_target_as_it_was_asked(distant) -> None:
    def make(meter: Meter, subject: Subject, target: Target) -> Visit:
        raise CannotRun(f"{target}: it has no room.")

    with pytest.raises(CannotRun) as told:
        distant(make).visit(LatencyMeter(), SUBJECT, TARGET)
    assert str(told.value) == f"{TARGET}: it has no room."


def test_why_a_cost_is_modelled_there_is_told_here(distant, monkeypatch) -> None:
    reasons = {"energy": "its counter cannot be read"}
    monkeypatch.setattr(stations, "why_modelled", lambda quantity, target: reasons.get(quantity))
    station = distant()
    assert station.why_modelled("energy", TARGET) == "its counter cannot be read"
    assert station.why_modelled("latency", TARGET) is None


def test_a_question_is_gone_once_it_was_answered(distant, tmp_path) -> None:
    distant().fill(parse_target("cpu@pi4"), SUBJECT.signature)
    with Store.open(f"sqlite:///{tmp_path}/shared.db") as store:
        assert store.questions.next("pi4") is None


def test_a_host_without_a_station_is_told_with_those_that_have_one(store: Store) -> None:
    store.stations.arrive("pi5", "s1", pid=1, version="0")
    alone = Distant("pi4", lambda: nullcontext(store))
    with pytest.raises(UserError, match=r"No station measures on host pi4 .*: pi5; start one there"):
        alone.fill(parse_target("cpu@pi4"), SUBJECT.signature)
    with pytest.raises(Unavailable, match="latency is unavailable on cpu@pi4"):
        alone.meter("latency", TARGET)
    with pytest.raises(StationGone):
        alone.visit(LatencyMeter(), SUBJECT, TARGET)


def test_a_station_whose_heart_stands_still_is_given_up_and_its_question_taken_back(store: Store) -> None:
    store.stations.arrive("pi4", "s1", pid=1, version="0")
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += 1.0
        if now[0] == PATIENCE_S / 2:
            store.stations.beat("pi4", "s1")

    waiting = Distant("pi4", lambda: nullcontext(store), clock=lambda: now[0], sleep=sleep)
    with pytest.raises(StationGone, match="The station of host pi4 has not answered for 30 s; start one there"):
        waiting.visit(LatencyMeter(), SUBJECT, TARGET)
    assert now[0] > 1.5 * PATIENCE_S
    assert store.questions.next("pi4") is None


def test_a_worker_that_is_asked_to_stop_waits_no_longer(store: Store) -> None:
    store.stations.arrive("pi4", "s1", pid=1, version="0")
    waiting = Distant("pi4", lambda: nullcontext(store), draining=lambda: True)
    with pytest.raises(Drained):
        waiting.visit(LatencyMeter(), SUBJECT, TARGET)
    assert store.questions.next("pi4") is None


def test_an_unknown_question_is_answered_as_a_failure(fake_visits) -> None:
    assert "failed" in answered(Here(fake_visits), "sing", {})


def test_each_host_is_asked_for_its_own_targets(distant, fake_visits) -> None:
    here: list[str] = []

    def visits(meter: Meter, subject: Subject, target: Target) -> Visit:
        here.append(str(target))
        return fake_visits(meter, subject, target)

    theirs = distant()

    def of(host: str) -> Station:
        assert host == "pi4"
        return theirs

    both = Stations(Here(visits), of)
    both.visit(LatencyMeter(), SUBJECT, TARGET)
    assert here == []
    both.visit(LatencyMeter(), SUBJECT, TARGET.there)
    assert here == [str(TARGET.there)]


def test_a_search_is_planned_with_targets_of_both_hosts(distant, fake_visits, space) -> None:
    theirs = distant()
    both = Stations(Here(fake_visits), lambda host: theirs)
    spec = plan(Request(what="digits", space=space, on=("cpu", "cpu@pi4")), both).spec
    assert [str(column) for column in spec.columns] == [
        "accuracy",
        "latency[cpu:eager:fp32:1:prefill/1/1]",
        "latency[cpu@pi4:eager:fp32:1:prefill/1/1]",
    ]
    assert set(map(str, spec.provenance.values())) == {"measured"}
