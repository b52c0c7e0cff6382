"""Fronts of a study with two targets, at the command line."""

import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from paretoformer.cli.views.front import legend_of_all, print_front, print_fronts
from paretoformer.records.measurement import Provenance
from paretoformer.records.objective import parse_constraint, parse_objectives
from paretoformer.records.target import parse_target
from paretoformer.records.trial import TrialState
from paretoformer.store import Store
from paretoformer.store.rows import MeasurementKey
from paretoformer.studies.closing import Closing, Kept
from paretoformer.studies.study import Study

from ..studies.conftest import measurement
from .conftest import Said

Run = Callable[..., Said]
EAGER, ONNX = "cpu:eager:fp32:1:prefill/1/1", "cpu:onnx:fp32:1:prefill/1/1"
LATENCIES = ((1e-3, 4e-3), (2e-3, 3e-3), (3e-3, 2e-3), (4e-3, 1e-3))
"""In milliseconds on either target; the trials of `small` are of different scores."""


def make(store: Store) -> None:
    """The study `pair`, of the trials of `small`, with latencies on two targets; the first of its measurements is noisy."""
    small = Study(store, store.studies.get("small").id)
    targets = (EAGER, ONNX)
    spec = replace(
        small.spec,
        objectives=parse_objectives("accuracy, -latency"),
        targets=tuple(map(parse_target, targets)),
        provenance={f"latency[{target}]": Provenance.MEASURED for target in targets},
    )
    reference = (-0.1, 5e-3, 5e-3)
    pair = store.studies.create("pair", spec=spec.to_json(), seed=0, reference=reference).id
    store.devices.put("device", name="cpu", fingerprint={})
    complete = [trial for trial in small.trials if trial.state is TrialState.COMPLETE]
    for count, (trial, latencies) in enumerate(zip(complete, LATENCIES, strict=False)):
        mine = store.trials.reserve(pair, "me")
        assert mine and trial.point and trial.architecture
        mine = store.trials.propose(mine, point=trial.point, architecture=trial.architecture)
        mine = store.trials.set_running(mine, run=trial.run)
        for target, value in zip(targets, latencies, strict=True):
            found = replace(measurement("latency", target, value), conditions={"noisy": not count})
            key = MeasurementKey(
                architecture=trial.architecture,
                signature=spec.signature.digest,
                device="device",
                target=target,
                method=found.method,
                method_version=found.method_version,
            )
            store.measurements.add(key, [found])
        spent = {"training": 2.0, "measuring": 1.0, "waiting": 0.5, "other": 0.25}
        store.trials.end(mine, TrialState.COMPLETE, values=(trial.values[0], *latencies), seconds=spent)


@pytest.fixture(scope="module")
def pair_home(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the studies' folder, with the study `pair` beside them."""
    folder = tmp_path_factory.mktemp("pair")
    shutil.copytree(home, folder, dirs_exist_ok=True)
    with Store.open(f"sqlite:///{folder / 'paretoformer.db'}") as store:
        make(store)
    return folder


@pytest.fixture
def pair(pair_home: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(pair_home)
    return run


@pytest.fixture
def study(pair_home: Path) -> Iterator[Study]:
    found = Study.load("pair", f"sqlite:///{pair_home / 'paretoformer.db'}")
    yield found
    found.store.close()


def test_each_target_has_a_table_and_each_pair_a_line(pair: Run) -> None:
    said = pair("front", "pair").out
    assert f"on {EAGER}: " in said and f"on {ONNX}: " in said
    assert "eager's front used on onnx: " in said and "onnx's front used on eager: " in said
    assert "all targets together (--on all): " in said
    assert "! noisy: " in said


def test_sources_that_differ_are_told_with_their_targets(study: Study) -> None:
    sources = {f"latency[{EAGER}]": Provenance.MEASURED, f"latency[{ONNX}]": Provenance.MODELLED}
    assert legend_of_all(study) == ("accuracy: 95 % interval of the score", "latency: measured")
    study.points()  # read with the provenance that the measurements have
    study.spec = replace(study.spec, provenance=sources)
    assert legend_of_all(study) == (
        "accuracy: 95 % interval of the score",
        f"latency: measured on {EAGER}",
        f"latency: modelled on {ONNX}",
    )


@pytest.mark.parametrize("width", [80, 100])
def test_tables_of_several_targets_fit_a_terminal(study: Study, width: int) -> None:
    console = Console(file=io.StringIO(), width=width, record=True, markup=False)
    print_fronts(console, study)
    assert max(map(len, console.export_text().splitlines())) <= width


def test_one_target_can_be_asked_for_and_all_of_them_together(pair: Run) -> None:
    alone, together = pair("front", "pair", "--on", "cpu:onnx").out, pair("front", "pair", "--on", "all").out
    assert f"latency: measured on {ONNX}" in alone and EAGER not in alone
    assert "latency eager: measured" in together and "latency onnx: measured" in together


def test_json_has_the_front_over_all_and_one_for_each_target(pair: Run, study: Study) -> None:
    shown = pair("front", "pair", "--json").json
    assert shown["objectives"] == ["accuracy", f"latency[{EAGER}]", f"latency[{ONNX}]"]
    assert set(shown["fronts"]) == {EAGER, ONNX}
    assert [point["trial"] for point in shown["points"]] == [point.number for point in study.front()]
    for target, points in shown["fronts"].items():
        assert [point["trial"] for point in points] == [point.number for point in study.front(target=target)]
        assert all(list(point["objectives"]) == ["accuracy", f"latency[{target}]"] for point in points)
    assert {(each["of"], each["on"]) for each in shown["borrowings"]} == {(EAGER, ONNX), (ONNX, EAGER)}


def test_json_of_one_target_is_its_front(pair: Run) -> None:
    shown = pair("front", "pair", "--on", "cpu:onnx", "--json").json
    assert (shown["target"], shown["objectives"]) == (ONNX, ["accuracy", f"latency[{ONNX}]"])
    assert shown["points"] == shown["fronts"][ONNX] and len(shown["reference"]) == 2


def test_what_was_measured_anew_is_told_and_what_could_not_be(pair_home: Path, tmp_path: Path) -> None:
    shutil.copy(pair_home / "paretoformer.db", tmp_path / "copy.db")
    with Store.open(f"sqlite:///{tmp_path / 'copy.db'}") as store:
        before = Study(store, store.studies.get("pair").id)
        first, *others = before.front(target=EAGER)
        measurement = before.costs[first.architecture.digest]["latency", EAGER]
        key = MeasurementKey(
            architecture=first.architecture.digest,
            signature=before.spec.signature.digest,
            device="device",
            target=EAGER,
            method=measurement.method,
            method_version=measurement.method_version,
        )
        store.measurements.add(key, [replace(measurement, conditions={"remeasured": True})])
        kept = Kept(trial=others[0].number, target=EAGER, reason="the process was killed.")
        store.studies.set_closing(before.row.id, Closing(kept=(kept,)).to_json())
        console = Console(file=io.StringIO(), width=200, record=True, markup=False)
        after = Study(store, before.row.id)
        print_front(console, after, target=after.target(EAGER))
        (point, *_) = after.front(target=EAGER)
        assert point.to_json()["objectives"][f"latency[{EAGER}]"]["remeasured"] is True
    said = console.export_text()
    numbers = ", ".join(str(each.number) for each in others)
    assert (
        f"latency: measured on {EAGER}, anew at the end but for trial{'s' if len(others) > 1 else ''} {numbers}" in said
    )
    assert f"trial {others[0].number} keeps its first figures on {EAGER}: the process was killed" in said


def test_a_member_that_breaks_a_bound_when_measured_anew_is_named(study: Study) -> None:
    bound = parse_constraint(f"latency[{EAGER}] <= 2.5ms")
    study.spec = replace(study.spec, constraints=(bound,))
    console = Console(file=io.StringIO(), width=200, record=True, markup=False)
    print_fronts(console, study)
    slow = [point.number for point in study.members() if (point.cost("latency", parse_target(EAGER)) or 0) > 2.5e-3]
    told = [line for line in console.export_text().splitlines() if line.endswith(f", beyond {bound}")]
    assert [int(line.split()[1]) for line in told] == slow != []


def test_the_front_ends_with_what_a_member_has_cost(pair: Run, study: Study) -> None:
    members = len(study.members())
    said = pair("front", "pair").out.splitlines()[-1]
    complete = len(study.points())
    each = f"{2 * complete / members:.1f} s training and {complete / members:.1f} s measuring"
    assert said == f"cost: {each} for each of {members} front members"


def test_an_account_says_what_a_study_has_cost(pair: Run, study: Study) -> None:
    said = pair("studies", "account", "pair")
    assert said.code == 0
    assert f"trials: {len(study.trials)} complete" in said.out
    assert "measuring is 33% of training and measuring" in said.out
    assert "joules: unknown: it was not read" in said.out
    shown = pair("studies", "account", "pair", "--json").json
    assert shown["study"] == "pair" and shown["seconds"]["training"] == 2.0 * len(study.trials)
    assert [each["trial"] for each in shown["members"]] == [point.number for point in study.members()]


def test_an_account_of_an_unknown_study_is_refused(pair: Run) -> None:
    assert "'none' is not a study" in pair("studies", "account", "none").sentence


def test_json_of_a_study_without_targets_has_no_front_of_one(run: Run) -> None:
    shown = run("front", "small", "--json").json
    assert (shown["fronts"], shown["borrowings"], shown["target"]) == ({}, [], None)


def test_an_unknown_target_is_refused_with_those_of_the_study(pair: Run) -> None:
    sentence = pair("front", "pair", "--on", "cuda").sentence
    assert sentence == f"'cuda' is not a target of study pair; it has {EAGER}, {ONNX}."
    assert "is not a precision" in pair("front", "pair", "--on", "cpu::fp99").sentence


@pytest.mark.parametrize(("on", "where"), [([], EAGER), (["--on", "cpu:onnx"], ONNX)])
def test_the_picture_is_of_the_first_target_or_of_the_one_asked_for(
    pair: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on: list[str], where: str
) -> None:
    import matplotlib

    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")
    assert pair("front", "pair", *on, "--plot", str(tmp_path / "front.svg")).code == 0
    drawn = (tmp_path / "front.svg").read_text()
    assert f"are not dominated on {where}" in drawn and drawn.count("latency (ms)") == 1


def test_a_study_whose_trials_came_to_nothing_tells_how_they_ended(pair: Run) -> None:
    with Store.open("sqlite:///paretoformer.db") as store:
        small = Study(store, store.studies.get("small").id)
        study = store.studies.create("none", spec=small.spec.to_json(), seed=0, reference=(-0.1, 1e9)).id
        trial = store.trials.reserve(study, "me")
        assert trial is not None
        assert pair("front", "none").out.startswith("Study none: no trial of its 1 is complete yet.")
        store.trials.end(trial, TrialState.INVALID, reason="it is too small")
    assert "no trial of its 1 is complete, 1 invalid; paretoformer show none 1 says why." in pair("front", "none").out
