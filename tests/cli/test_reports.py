"""Commands that report: tables for people, one JSON object for programs."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from paretoformer.search_spaces.registry import FOLDERS, choices
from paretoformer.store import Store

from .conftest import Said

Run = Callable[..., Said]


def test_the_front_is_a_table_with_scores_counts_and_the_hypervolume(run: Run) -> None:
    said = run("front", "small")
    assert said.code == 0
    assert "accuracy" in said.out and "macs" in said.out
    assert "of 4 complete trials; hypervolume" in said.out


def test_the_front_as_json_holds_values_intervals_and_provenance(run: Run) -> None:
    front = run("front", "small", "--json").json
    assert front["objectives"] == ["accuracy", "macs"]
    for point in front["points"]:
        accuracy = point["objectives"]["accuracy"]
        assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
        assert point["objectives"]["macs"]["provenance"] == "counted"


def test_the_test_split_shows_the_same_members(run: Run) -> None:
    numbers = [
        {p["trial"] for p in run("front", "small", *more, "--json").json["points"]}
        for more in ((), ("--split", "test"))
    ]
    assert numbers[0] == numbers[1] != set()


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_front_is_drawn_to_a_file(run: Run, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"front{suffix}"
    assert run("front", "small", "--plot", str(file)).code == 0
    head = file.read_bytes()[:200]
    assert head.startswith(b"\x89PNG") if suffix == ".png" else b"<svg" in file.read_bytes()[:1000]


def test_a_trial_is_shown_layer_by_layer_with_its_scores(run: Run) -> None:
    said = run("show", "small", "1").out
    assert "trial 1: complete" in said
    assert "topology encoder" in said
    assert "validation" in said


def test_a_trial_as_json_reads_back(run: Run) -> None:
    assert run("show", "small", "1", "--json").json["trial"] == 1


def test_studies_are_compared_on_one_reference(run: Run) -> None:
    said = run("compare", "small", "other")
    assert said.code == 0
    assert "small" in said.out and "other" in said.out


def test_studies_are_listed_with_their_state(run: Run) -> None:
    said = run("studies", "list").out
    assert "small" in said and "ended" in said


def test_trials_that_no_worker_has_are_listed_as_handed_back(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    with Store.open(f"sqlite:///{tmp_path / 'paretoformer.db'}") as store:
        study = store.studies.get("small").id
        for owner in ("left", "works"):
            store.trials.reserve(study, owner)
        store.trials.release("left")
    assert "2 reserved" in run("studies", "list").out and "; 1 handed back)" in run("studies", "list").out
    handed = {row["study"]: row["handed_back"] for row in run("studies", "list", "--json").json["studies"]}
    assert handed == {"small": 1, "other": 0}


def test_a_sound_study_has_no_findings(run: Run) -> None:
    assert run("studies", "doctor", "small").code == 0


def test_every_choice_is_listed(run: Run) -> None:
    listed = {(row["dimension"], row["name"]) for row in run("list", "choices", "--json").json["choices"]}
    assert listed >= {(kind, str(choice)) for kind in FOLDERS for choice in choices(kind)}


def test_tasks_are_listed_with_data_licence_and_baseline(run: Run) -> None:
    tasks = {row["name"]: row for row in run("list", "tasks", "--json").json["tasks"]}
    assert {"digits", "python-docs"} <= set(tasks)
    assert all(row[key] for row in tasks.values() for key in ("data", "licence", "metric", "baseline"))


@pytest.mark.parametrize("what", ["choices", "tasks", "criteria", "proxies", "spaces", "presets", "engines"])
def test_what_there_is_fits_a_narrow_terminal(run: Run, what: str) -> None:
    said = run("list", what)
    assert said.code == 0
    assert said.out.strip()


@pytest.mark.slow
def test_an_export_is_proven_and_verified(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    said = run("export", "small", str(folder), "--pick", "best")
    assert said.code == 0, said.err
    assert run("verify", str(folder)).code == 0
    weights = folder / "safetensors" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x00")
    altered = run("verify", str(folder))
    assert altered.code != 0
    assert "model.safetensors" in altered.out + altered.err


@pytest.mark.slow
def test_a_search_from_the_shell_goes_all_the_way(shell: Run) -> None:
    given = ("search", "digits", "--budget", "256", "--workers", "2", "--trials", "3")
    first = shell(*given, "--json")
    assert first.code == 0, first.err
    assert first.json["objectives"] == ["accuracy", "latency[cpu:eager:fp32:1:prefill/1/1]"]
    again = shell(*given)
    assert again.code == 0, again.err
    assert "resumed" in again.err
    assert "of 3 complete trials" in again.out
