"""`devices predict` and `studies predict`."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from paretoformer.cli.main import main

from .conftest import Said

Run = Callable[..., Said]
FEATURES = ("--features", "width,heads")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Transformers with a law of their latency on two devices."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("tables")
    lines = ["width,heads,ms,other"]
    for _ in range(38):
        width, heads = rng.choice([64, 128, 256]), rng.choice([2, 4, 8], rng.integers(1, 5))
        cost = 1 + width * heads.sum() / 1000
        lines.append(f"{width},{'-'.join(map(str, heads))},{cost:.6f},{cost**0.8:.6f}")
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    (folder / "few.csv").write_text("\n".join(lines[:21]) + "\n")
    (folder / "tiny.csv").write_text("\n".join(lines[:5]) + "\n")
    return folder


@pytest.fixture(scope="module")
def fitted(tables: Path) -> Path:
    """A predictor of `ms`, in a file."""
    file = tables / "ms.json"
    arguments = ["devices", "predict", "fit", str(tables / "t.csv"), *FEATURES, "--predict", "ms", "--out", str(file)]
    assert main(arguments) == 0
    return file


def test_a_fit_says_what_was_chosen_among_what(run: Run, tables: Path) -> None:
    said = run("devices", "predict", "fit", str(tables / "few.csv"), *FEATURES, "--predict", "ms").out
    assert "features: width (numbers), heads (lists of numbers)" in said
    assert "depth: by heads" in said
    assert "was chosen by the error on rows left out in turn" in said
    assert "Not tried: boosted. Predictor boosted needs 40 rows, and there are 20." in said


def test_scores_stand_beside_both_baselines_with_a_verdict(run: Run, tables: Path) -> None:
    table = str(tables / "t.csv")
    (found,) = run("devices", "predict", "score", table, *FEATURES, "--predict", "ms", "--json").json["columns"]
    assert set(found["baselines"]) == {"depth", "linear"}
    assert found["beats_baselines"] is True
    assert found["verdict"].endswith("beats the baselines depth and linear: its error is smaller, its order no worse.")
    assert found["provenance"] == "predicted"
    assert found["scores"]["mape"] < 0.02


def test_a_fit_that_a_baseline_beats_says_so(run: Run, tables: Path) -> None:
    rng = np.random.default_rng(0)
    lines = ["width,ms", *(f"{rng.choice([64, 128])},{rng.uniform(1, 2):.6f}" for _ in range(20))]
    (tables / "chance.csv").write_text("\n".join(lines) + "\n")
    given = ("devices", "predict", "fit", str(tables / "chance.csv"), "--predict", "ms")
    found = run(*given, "--json").json
    assert found["beats_baselines"] is False
    assert f"{found['predictor']} does not beat " in found["verdict"]
    assert found["verdict"] in run(*given).out.splitlines()


def test_a_fit_that_beats_its_baselines_has_nothing_to_add(run: Run, tables: Path) -> None:
    given = ("devices", "predict", "fit", str(tables / "t.csv"), *FEATURES, "--predict", "ms")
    assert run(*given, "--json").json["beats_baselines"] is True
    assert "baseline" not in run(*given).out


def test_a_baseline_that_is_as_good_is_named(run: Run, tables: Path) -> None:
    lines = ["width,ms", *(f"{width},{2 * width}" for width in range(1, 31))]
    (tables / "line.csv").write_text("\n".join(lines) + "\n")
    said = run("devices", "predict", "score", str(tables / "line.csv"), "--predict", "ms", "--features", "width").out
    assert "does not beat linear (MAPE" in said


def test_a_saved_predictor_is_applied_to_rows_without_the_cost(run: Run, fitted: Path, tables: Path) -> None:
    (tables / "new.csv").write_text("heads,width\n2-2,64\n8-8-8-8,256\n")
    header, first, second = run("devices", "predict", "apply", str(fitted), str(tables / "new.csv")).out.splitlines()
    assert header == "row,ms,low,high"
    row, value, low, high = (float(cell) for cell in second.split(","))
    assert row == 2 and low <= value <= high
    assert value == pytest.approx(1 + 256 * 32 / 1000, rel=0.02)
    assert float(first.split(",")[1]) == pytest.approx(1 + 64 * 4 / 1000, rel=0.02)


def test_applied_predictions_carry_their_provenance(run: Run, fitted: Path, tables: Path) -> None:
    found = run("devices", "predict", "apply", str(fitted), str(tables / "few.csv"), "--json").json
    assert found["provenance"] == "predicted" and len(found["predictions"]) == 20
    assert found["source"] == str(tables / "t.csv")


def test_another_devices_predictor_helps_few_rows(run: Run, fitted: Path, tables: Path) -> None:
    few = ("devices", "predict", "fit", str(tables / "few.csv"), *FEATURES, "--predict", "other", "--from", str(fitted))
    assert {each["predictor"] for each in run(*few, "--json").json["tried"]} >= {"adapted", "rescaled", "physical"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("fit", "t.csv"), "Nothing is to be predicted; name a column of the table with --predict."),
        (("fit", "t.csv", "--predict", "s"), "'s' is not a column of the table; its columns: heads, ms, other, width."),
        (("fit", "t.csv", "--predict", "ms,other"), "A predictor is of one column, and --predict names ms, other."),
        (("fit", "tiny.csv", "--predict", "ms"), "The table has 4 rows, and a predictor learns from 10 on."),
        (("fit", "none.csv", "--predict", "ms"), "'none.csv' cannot be read: No such file or directory."),
        (("fit", "t.csv", "--predict", "ms", "--on", "cpu"), "--on cpu chooses among stored measurements"),
        (("fit", "t.csv", "--predict", "heads"), "Row 1 of column 'heads' is"),
        (("score", "t.csv", "--predict", "ms", "--split", "0"), "'0' is not a share of rows to hold out"),
        (("apply", "t.csv", "t.csv"), "'t.csv' is not JSON"),
        (("guess", "t.csv"), "'guess' is not a command; commands: apply, fit, score."),
    ],
)
def test_mistakes_are_answered_in_a_sentence(
    run: Run, tables: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.chdir(tables)
    assert run("devices", "predict", *arguments).sentence.startswith(sentence)


def test_a_study_of_counted_costs_is_not_predicted(run: Run) -> None:
    assert run("studies", "predict", "small").sentence.startswith("Study small has no measured objective")
