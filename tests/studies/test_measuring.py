"""Measuring one architecture outside any search."""

import json
from pathlib import Path

import pytest

from paretoformer.hardware_models.meters.base import Meter, Subject
from paretoformer.records.errors import Unavailable, UserError
from paretoformer.records.measurement import Measurement
from paretoformer.records.target import Target
from paretoformer.search_spaces.preset import load_preset
from paretoformer.store import Store
from paretoformer.studies import measuring
from paretoformer.studies.measuring import measure_all, subject_of
from paretoformer.studies.spec import StudySpec

from .stored import architectures, stored

PRESET = "vit-tiny-digits"


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods that were asked to measure; each finds 1 of whatever it gives, and memory is unavailable."""
    asked: list[str] = []

    def found(meter: Meter, subject: Subject, target: Target, lease: object) -> tuple[Measurement, ...]:
        method = meter.method
        asked.append(method)
        if method == "peak-resident":
            raise Unavailable("no counter here")
        return tuple(
            Measurement(
                quantity=quantity,
                unit="s",
                value=1.0,
                low=1.0,
                high=1.0,
                samples=(1.0,),
                provenance=meter.provenance,
                method=method,
                method_version=1,
                target=str(target),
            )
            for quantity in meter.gives(target)
        )

    monkeypatch.setattr(measuring, "_measured", found)
    return asked


def test_each_meter_is_asked_once_on_each_target(visits: list[str]) -> None:
    found = measure_all(subject_of(PRESET), ["cpu", "cpu", "cpu::::prefill/4/1"])
    assert len(visits) == 2 * len(set(visits))
    assert {each.target for each in found.measurements} == {
        "cpu:eager:fp32:1:prefill/1/1",
        "cpu:eager:fp32:1:prefill/4/1",
    }


def test_what_cannot_be_supplied_is_said_and_never_zero(visits: list[str]) -> None:
    found = measure_all(subject_of(PRESET), ["cpu"])
    assert [(each.quantity, each.reason) for each in found.missing] == [("memory", "no counter here")]
    assert "memory" not in {each.quantity for each in found.measurements}


def test_the_time_to_the_first_token_is_a_decodes(visits: list[str]) -> None:
    quantities = {each.quantity for each in measure_all(subject_of("llama-tiny"), ["cpu::::decode/1/8/4"]).measurements}
    assert {"latency", "first_token"} <= quantities
    prefill = measure_all(subject_of("llama-tiny"), ["cpu::::prefill/1/8"])
    assert "first_token" not in {each.quantity for each in (*prefill.measurements, *prefill.missing)}


def test_an_architecture_comes_from_a_preset_a_file_or_a_trial(counted_spec: StudySpec, tmp_path: Path) -> None:
    preset = load_preset(PRESET)
    bare, exported = tmp_path / "bare.json", tmp_path / "config.json"
    content = preset.architecture.to_json()
    bare.write_text(json.dumps(content))
    exported.write_text(json.dumps({"architecture": content, "signature": preset.signature.to_json()}))
    for subject in (subject_of(PRESET), subject_of(str(exported)), subject_of(str(bare), task="digits")):
        assert subject.architecture.digest == preset.architecture.digest
        assert subject.signature == preset.signature
    (one,) = architectures(counted_spec, 1)
    storage = f"sqlite:///{tmp_path}/s.db"
    with Store.open(storage) as store:
        stored(store, counted_spec, "mine", [(0.5, one)])
    assert subject_of("mine:1", storage=storage).architecture.digest == one.digest


@pytest.mark.parametrize(
    ("what", "task", "said"),
    [
        ("vit-tny", None, "neither a preset, nor STUDY:TRIAL, nor a file; presets: gpt2-small"),
        (PRESET, "python-docs", "cannot serve a sequence"),
        (PRESET, "digts", "'digts' is neither a task"),
        ("bare.json", None, "give a task by --task"),
        ("list.json", None, "holds no mapping"),
    ],
)
def test_what_is_no_architecture_is_refused(scratch: Path, what: str, task: str | None, said: str) -> None:
    (scratch / "bare.json").write_text(json.dumps(load_preset(PRESET).architecture.to_json()))
    (scratch / "list.json").write_text("[1, 2]")
    with pytest.raises(UserError, match=said):
        subject_of(what, task=task)


def test_a_trial_that_is_not_there_is_refused(counted_spec: StudySpec, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/s.db"
    with Store.open(storage) as store:
        stored(store, counted_spec, "mine", [])
    with pytest.raises(UserError, match="Study mine has no trial 4; it has 0"):
        subject_of("mine:4", storage=storage)
