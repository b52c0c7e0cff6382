"""Commands that change or look at something: studies, devices, profile, measure, worker, and how any of them ends."""

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paretoformer.cli import main as entry
from paretoformer.cli.main import BROKEN_PIPE, INTERRUPTED, main
from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.hardware_models.meters import energy_counter
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.records.costs import COSTS
from paretoformer.records.errors import Unavailable
from paretoformer.records.target import Target
from paretoformer.store import Store
from paretoformer.studies import preflight as preflights
from paretoformer.studies import stations
from paretoformer.studies.rounds import Rounds

from .conftest import Said

Run = Callable[..., Said]


@pytest.fixture
def copy(run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run` in a folder with a copy of the studies, which may be changed."""
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return run


def names(run: Run) -> set[str]:
    return {row["study"] for row in run("studies", "list", "--json").json["studies"]}


def test_a_study_is_renamed(copy: Run) -> None:
    assert copy("studies", "rename", "small", "mine").code == 0
    assert names(copy) == {"mine", "other"}


def test_a_taken_name_is_refused(copy: Run) -> None:
    assert "other" in copy("studies", "rename", "small", "other").sentence
    assert names(copy) == {"small", "other"}


@pytest.mark.parametrize(
    ("answer", "left"), [("", {"small", "other"}), ("n\n", {"small", "other"}), ("y\n", {"other"})]
)
def test_a_study_is_deleted_only_with_a_yes(
    copy: Run, monkeypatch: pytest.MonkeyPatch, answer: str, left: set[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    said = copy("studies", "delete", "small")
    assert (said.code == 0) is (left == {"other"})
    assert names(copy) == left


def test_an_option_answers_for_the_user(copy: Run) -> None:
    assert copy("studies", "delete", "small", "--yes").code == 0
    assert names(copy) == {"other"}


def test_the_doctor_repairs_only_when_asked(copy: Run, tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'paretoformer.db'}") as store:
        study = store.studies.get("small")
        store.trials.reserve(study.id, "nobody")
    found = copy("studies", "doctor", "small", "--json").json["findings"]
    assert [(each["repairable"], each["repaired"]) for each in found] == [(True, False)]
    assert "repaired" in copy("studies", "doctor", "small", "--repair").out
    assert copy("studies", "doctor", "small").out == "Study small is as it should be.\n"


def test_a_worker_adds_trials_to_a_study(copy: Run) -> None:
    said = copy("worker", "small", "--trials", "5")
    assert said.code == 0, said.err
    assert copy("show", "small", "5", "--json").json["trial"] == 5


def test_the_devices_of_this_machine_are_probed(run: Run) -> None:
    (cpu, *_) = run("devices", "probe", "--no-peaks", "--json").json["devices"]
    assert cpu["name"] == "cpu"
    assert cpu["costs"]["latency"] == "measured"
    assert cpu["peaks"] is None
    assert cpu["digest"][:12] in run("devices", "probe", "--no-peaks").out


def test_a_study_of_counted_costs_leaves_no_device(run: Run) -> None:
    assert run("devices", "list", "--json").json["devices"] == []
    assert run("devices", "list").out.startswith("No device is stored yet.\nDatasheets, for modelled costs:\n")


def test_datasheets_are_listed_with_the_source_of_every_figure(run: Run) -> None:
    sheets = {sheet["name"]: sheet for sheet in run("devices", "list", "--json").json["datasheets"]}
    assert {"raspberry-pi-4", "a100", "h100"} <= set(sheets)
    assert sheets["h100"]["provenance"] == "modelled"
    assert all(rate["source"] for sheet in sheets.values() for rate in sheet["macs_per_s"].values())


def test_a_datasheet_of_ones_own_is_added_and_modelled(
    copy: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARETOFORMER_DEVICES", str(tmp_path / "devices"))
    sheet = {sheet["name"]: sheet for sheet in copy("devices", "list", "--json").json["datasheets"]}["raspberry-pi-4"]
    path = tmp_path / "board.json"
    path.write_text(json.dumps({**_without(sheet, "digest", "provenance"), "name": "my-board"}))
    assert copy("devices", "add", str(path)).out.startswith("Kept my-board  ")
    found = copy("measure", "vit-tiny-digits", "--on", "my-board", "--json").json["measurements"]
    assert {each["quantity"]: each["provenance"] for each in found} == {
        "latency": "modelled",
        "memory": "modelled",
        "energy": "modelled",
    }


def test_a_model_that_a_board_has_no_room_for_has_its_memory_told_and_no_time(
    copy: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARETOFORMER_DEVICES", str(tmp_path / "devices"))
    sheet = {sheet["name"]: sheet for sheet in copy("devices", "list", "--json").json["datasheets"]}["raspberry-pi-4"]
    small = {
        **_without(sheet, "digest", "provenance"),
        "name": "tiny-board",
        "memory_bytes": {"value": 1000, "source": "its label"},
    }
    path = tmp_path / "board.json"
    path.write_text(json.dumps(small))
    assert copy("devices", "add", str(path)).out.startswith("Kept tiny-board  ")
    said = copy("measure", "vit-tiny-digits", "--on", "tiny-board", "--json").json
    assert [each["quantity"] for each in said["measurements"]] == ["memory"]
    assert {each["quantity"] for each in said["unavailable"]} == {"latency", "energy"}
    assert all("it does not fit there: it takes" in each["reason"] for each in said["unavailable"])


def test_a_datasheet_that_is_wrong_is_refused_in_a_sentence(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "board.yaml"
    path.write_text("name: board\n")
    assert run("devices", "add", str(path)).sentence == (
        f"{path}: title is missing; a datasheet has name, title, kind, cores, macs_per_s, bandwidth_bytes_per_s, memory_bytes."
    )


def test_parts_of_an_architecture_are_counted_on_request(copy: Run) -> None:
    said = copy("measure", "vit-tiny-digits", "--layers", "--on", "raspberry-pi-4", "--json").json
    (layers,) = said["layers"]
    assert (layers["target"], layers["provenance"]) == ("raspberry-pi-4:roofline:fp32:4:prefill/1/1", "counted")
    for name in ("params", "macs"):
        assert sum(part[name] for part in layers["parts"]) == said["counts"][name]
    shown = copy("measure", "vit-tiny-digits", "--layers", "--on", "raspberry-pi-4").out
    assert "encoder      3  feedforward" in shown
    assert "layers" not in copy("measure", "vit-tiny-digits", "--on", "raspberry-pi-4", "--json").json


def _without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: each for name, each in value.items() if name not in names}


def test_a_profile_says_size_ranges_bounds_and_hours_and_stores_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ("profile", "digits", "--objectives", "accuracy, -macs", "--budget", "256", "--subject-to")
    said = run(*given, "params <= 20k").out
    assert "space vision: " in said and "points" in said
    assert "params <= 20 k can be met" in said
    assert "for 24 trials with 1 worker" in said
    refused = run(*given, "params <= 1", "--json").json
    assert [bound["possible"] for bound in refused["constraints"]] == [False]
    assert not list(tmp_path.iterdir())


def test_a_counted_profile_measures_and_trains_nothing_and_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: object, **named: object) -> None:
        raise AssertionError("nothing is measured or trained")

    monkeypatch.setattr(preflights, "preflight", never)
    said = run("profile", "digits", "--counted", "--subject-to", "params <= 20k", "--subject-to", "latency <= 1s").out
    assert "params <= 20 k can be met" in said and "latency <=" not in said
    assert "counted only: latency[cpu:eager:fp32:1:prefill/1/1] not measured, nothing trained" in said
    found = run("profile", "digits", "--counted", "--json").json
    assert (found["hours"], found["seconds"], found["left_out"][-1]) == (None, None, "hours")


def test_a_measurement_says_what_it_found_and_why_the_rest_is_unavailable(
    copy: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise MeasuringFailed("the process was killed")

    monkeypatch.setattr(Rounds, "outside", fail)
    said = copy("measure", "vit-tiny-digits")
    assert "latency is unavailable on cpu:eager:fp32:1:prefill/1/1: the process was killed." in said.out.splitlines()
    assert "counted: params" in said.out
    missing = copy("measure", "vit-tiny-digits", "--json").json["unavailable"]
    assert "latency" in {each["quantity"] for each in missing}


def test_a_measurement_is_kept_in_the_database_or_told_not_to_be(copy: Run) -> None:
    kept = copy("measure", "vit-tiny-digits", "--on", "raspberry-pi-4", "--json").json
    assert kept["unkept"] is None
    with Store.open("sqlite:///paretoformer.db") as store:
        stored = {(row.measurement.quantity, row.measurement.value) for row in store.measurements.all()}
    assert stored == {(each["quantity"], each["value"]) for each in kept["measurements"]}
    given = ("measure", "vit-tiny-digits", "--on", "raspberry-pi-4", "--storage", "sqlite:///nowhere/a.db")
    assert "'nowhere/a.db': the folder 'nowhere' does not exist" in copy(*given, "--json").json["unkept"]
    assert copy(*given).err.splitlines()[-1].startswith("Not kept in a database, and the reference timed")


def test_a_measurement_counts_all_that_is_counted(copy: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*arguments: object) -> tuple[()]:
        return ()

    monkeypatch.setattr(Rounds, "outside", nothing)
    counts = copy("measure", "vit-tiny-digits", "--json").json["counts"]
    assert set(counts) == {name for name, cost in COSTS.items() if not cost.per_target}
    assert counts["activation_bytes"] > 0


def test_why_energy_is_modelled_is_told_by_measure_and_probe(copy: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(device: str) -> None:
        raise Unavailable("the energy counter cannot be read: [Errno 13] Permission denied")

    def modelled_alone(here: stations.Here, meter: Meter, subject: Subject, target: Target) -> Visit:
        if meter.fresh:
            raise Unavailable("nothing is run in this test")
        return meter.visit(subject, target)

    monkeypatch.setattr(energy_counter, "open_monitor", refuse)
    monkeypatch.setattr(stations.Here, "visit", modelled_alone)
    reason = "the energy counter cannot be read: [Errno 13] Permission denied"
    line = f"energy on cpu:eager:fp32:1:prefill/1/1 is modelled, since it cannot be measured: {reason}."
    assert line in copy("measure", "vit-tiny-digits").out.splitlines()
    told = copy("measure", "vit-tiny-digits", "--json").json["unmeasured"]
    assert [(each["quantity"], each["reason"]) for each in told] == [("energy", reason)]
    probed = copy("devices", "probe", "cpu", "--no-peaks")
    assert f"energy: modelled, since it cannot be measured: {reason}" in " ".join(probed.out.split())


def test_a_reason_says_once_what_is_unavailable(copy: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(quantity: str, target: Target) -> None:
        raise Unavailable(f"{quantity} is unavailable on {target}: no meter")

    monkeypatch.setattr(stations, "meter_for", unavailable)
    said = copy("measure", "vit-tiny-digits")
    assert "energy is unavailable on cpu:eager:fp32:1:prefill/1/1: no meter." in said.out.splitlines()
    assert {each["reason"] for each in copy("measure", "vit-tiny-digits", "--json").json["unavailable"]} == {"no meter"}


def test_comparisons_are_one_object_too(run: Run) -> None:
    shown = run("compare", "small", "other", "--json").json
    assert [side["study"] for side in shown["studies"]] == ["small", "other"]


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), INTERRUPTED), (BrokenPipeError(), BROKEN_PIPE)])
def test_an_interruption_and_a_closed_pipe_have_codes_of_their_own(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    def stop(**named: object) -> None:
        raise error

    monkeypatch.setattr(entry, "make_app", lambda: stop)
    monkeypatch.setattr(entry.os, "dup2", lambda source, target: None)
    assert main([]) == code


def test_what_is_piped_is_neither_coloured_nor_cut(home: Path) -> None:
    command = [sys.executable, "-m", "paretoformer", "list", "tasks"]
    said = subprocess.run(command, cwd=home, capture_output=True, text=True, check=True).stdout
    assert "\x1b" not in said
    assert "scikit-learn's load_digits: 1,797 images of the UCI optical recognition of handwritten digits" in said


def test_papers_are_listed_with_what_is_built_from_them(run: Run) -> None:
    rows = {row["paper"]: row for row in run("list", "papers", "--json").json["papers"]}
    assert "mixer pooling" in rows[16]["here"]
    assert sorted(rows) == list(range(1, 33))
