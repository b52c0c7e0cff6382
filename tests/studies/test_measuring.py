"""Measuring one architecture outside any search."""

import json
from pathlib import Path

import pytest

from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.hardware_models.measuring import MakeVisit
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.records.errors import Unavailable, UserError
from paretoformer.records.measurement import Measurement
from paretoformer.records.target import Target
from paretoformer.search_spaces.preset import load_preset
from paretoformer.store import Store
from paretoformer.studies import measuring
from paretoformer.studies.measurer import Measurer
from paretoformer.studies.measuring import measure, measure_all, subject_of
from paretoformer.studies.rounds import Need, Rounds
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.stations import Here

from .conftest import fill, measurement

PRESET = "vit-tiny-digits"


@pytest.fixture
def metered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods that were asked to measure, which they do at once."""
    asked: list[str] = []

    def take(rounds: Rounds, subject: Subject, need: Need) -> tuple[Measurement, ...]:
        asked.append(need.meter.method)
        return tuple(measurement(name, str(need.target), 1.0) for name in need.meter.gives(need.target))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Rounds, "outside", take)
    return asked


class Timing(Here):
    """Supplies latency alone."""

    def meter(self, quantity: str, target: Target) -> Meter:
        if quantity != "latency":
            raise Unavailable(f"{quantity} is unavailable on {target}: no meter")
        return super().meter(quantity, target)


@pytest.fixture
def timed(scratch: Path, fake_visits: MakeVisit, monkeypatch: pytest.MonkeyPatch) -> list[Subject]:
    """The subjects that were visited, by fakes, in an empty folder."""
    visited: list[Subject] = []

    def make(meter: Meter, subject: Subject, target: Target) -> Visit:
        visited.append(subject)
        return fake_visits(meter, subject, target)

    monkeypatch.setattr(measuring, "hosts_at", lambda storage: Timing(make))
    return visited


def test_every_cost_of_a_target_is_measured_once(metered: list[str]) -> None:
    found = measure(PRESET)
    quantities = [each.quantity for each in found]
    assert len(set(quantities)) == len(quantities)
    assert {"latency", "memory"} <= set(quantities) and "first_token" not in quantities
    assert len(set(metered)) == len(metered)


def test_a_decode_has_a_time_to_the_first_token(metered: list[str]) -> None:
    found = measure("llama-tiny", on=("cpu:eager:fp32:1:decode/1/8/4",))
    assert {"latency", "first_token"} <= {each.quantity for each in found}
    assert metered.count("paired-ratio") == 1


def test_each_target_is_measured_and_told_of_once(metered: list[str]) -> None:
    said: list[str] = []
    found = measure_all(subject_of(PRESET), ("cpu", "cpu:eager", "cpu:eager:fp32:2"), say=said.append)
    assert len({each.target for each in found.measurements}) == 2
    assert len(said) == len(metered)


def test_what_fails_is_unavailable_with_its_reason_and_never_zero(
    metered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise MeasuringFailed("the process was killed")

    monkeypatch.setattr(Rounds, "outside", fail)
    found = measure_all(subject_of(PRESET), ("cpu",))
    assert found.measurements == ()
    assert {each.reason for each in found.missing} >= {"the process was killed"}
    assert "latency" in {each.quantity for each in found.missing}
    assert found.counts["params"] > 0


def test_a_measurement_is_in_the_database_with_its_visits_and_the_calibration_that_the_next_one_uses(
    timed: list[Subject],
) -> None:
    subject = subject_of(PRESET)
    first = measure_all(subject, ("cpu",))
    assert (timed.count(subject), len(timed), first.unkept) == (4, 8, None)
    second = measure_all(subject, ("cpu",))
    assert (timed.count(subject), len(timed)) == (8, 12)
    with Store.open("sqlite:///paretoformer.db", create=False, read_only=True) as store:
        rows = store.measurements.all()
        (device,) = store.devices.all()
        assert [row.measurement for row in rows] == [*first.measurements, *second.measurements]
        assert {(row.device, row.architecture) for row in rows} == {(device.digest, subject.architecture.digest)}
        assert store.architectures.get(subject.architecture.digest) == subject.architecture.to_json()
        assert store.models.counts(subject.architecture.digest, subject.signature.digest) == first.counts


def test_a_search_uses_it_and_is_not_changed_by_one_that_comes_later(
    timed: list[Subject], timed_spec: StudySpec, fake_visits: MakeVisit
) -> None:
    subject = subject_of(PRESET)
    (known,) = measure_all(subject, ("cpu",)).measurements
    with Store.open("sqlite:///paretoformer.db") as store:
        measurer = Measurer(store, timed_spec, Here(fake_visits))
        assert list(measurer.after_training(subject).values()) == [known]
        (need,) = measurer.remeasurable
        assert measurer.is_remeasured(subject, need) is False
        measurer.remeasure(subject, need)
    measure_all(subject, ("cpu",))
    with Store.open("sqlite:///paretoformer.db") as store:
        assert Measurer(store, timed_spec, Here(fake_visits)).is_remeasured(subject, need) is True


def test_where_nothing_can_be_written_it_measures_all_the_same_and_says_why_it_keeps_nothing(
    timed: list[Subject],
) -> None:
    found = measure_all(subject_of(PRESET), ("cpu",), storage="sqlite:///nowhere/a.db")
    assert [each.quantity for each in found.measurements] == ["latency"]
    assert found.unkept == "'nowhere/a.db': the folder 'nowhere' does not exist; make it first."
    with pytest.raises(UserError, match="not a database URL"):
        measure_all(subject_of(PRESET), ("cpu",), storage="a.db")


@pytest.mark.parametrize("on", ["cpu@nowhere", "tpu"])
def test_a_mistake_in_a_target_is_told_as_such_and_leaves_no_database(scratch: Path, on: str) -> None:
    with pytest.raises(UserError, match="No station measures on host nowhere|'tpu'|tpu:"):
        measure_all(subject_of(PRESET), (on,))
    assert list(scratch.iterdir()) == []


def test_a_preset_brings_its_own_signature_unless_a_task_is_named() -> None:
    preset = load_preset(PRESET)
    assert subject_of(PRESET) == Subject(architecture=preset.architecture, signature=preset.signature)
    assert subject_of(PRESET, task="digits").signature.digest == preset.signature.digest


def test_a_trial_is_found_by_study_and_number(scratch: Path, timed_spec: StudySpec) -> None:
    with Store.open("sqlite:///x.db") as store:
        points = fill(store, timed_spec).points()
    subject = subject_of("filled:3", storage="sqlite:///x.db")
    assert (subject.architecture, subject.signature) == (points[1].architecture, timed_spec.signature)
    with pytest.raises(UserError, match="Study filled has no trial 9"):
        subject_of("filled:9", storage="sqlite:///x.db")
    with pytest.raises(UserError, match="Trial 2 of study filled is failed and has no architecture"):
        subject_of("filled:2", storage="sqlite:///x.db")


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_file_holds_an_architecture_with_or_without_its_signature(scratch: Path, wrapped: bool) -> None:
    preset = load_preset(PRESET)
    plain = preset.architecture.to_json()
    whole = {"architecture": plain, "signature": preset.signature.to_json()}
    Path("a.json").write_text(json.dumps(whole if wrapped else {"architecture": plain}))
    subject = subject_of("a.json", task=None if wrapped else "digits")
    assert subject.architecture.digest == preset.architecture.digest


def test_an_architecture_without_input_asks_for_a_task(scratch: Path) -> None:
    Path("a.json").write_text(json.dumps({"architecture": load_preset(PRESET).architecture.to_json()}))
    with pytest.raises(UserError, match="says nothing of its input; give a task by --task"):
        subject_of("a.json")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "a.json"),
        (b"\xff\xfe\x00", "a.json"),
        (b"[1, 2]", "a.json"),
        (b'{"architecture": {"stacks": 3}, "signature": {"input": 1}}', "a.json: its signature cannot be read"),
        (b'{"architecture": {"stacks": 3}}', "'a.json' holds no architecture: an architecture needs 'topology'"),
        (b'{"architecture": [], "signature": {}}', "a.json"),
    ],
)
def test_a_file_that_holds_no_architecture_is_refused(scratch: Path, content: bytes, sentence: str) -> None:
    Path("a.json").write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        subject_of("a.json", task=None if b"signature" in content else "digits")


def test_an_architecture_that_cannot_serve_the_task_is_refused() -> None:
    with pytest.raises(UserError, match="llama-tiny cannot serve"):
        subject_of("llama-tiny", task="digits")


def test_what_is_none_of_these_is_refused_with_the_presets() -> None:
    with pytest.raises(
        UserError, match="'vit' is neither a preset, nor STUDY:TRIAL, nor a file; presets: .*gpt2-small"
    ):
        subject_of("vit")
