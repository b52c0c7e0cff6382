"""The front as a picture."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from paretoformer.records.errors import UserError
from paretoformer.records.objective import parse_constraint, parse_objectives
from paretoformer.store import Store
from paretoformer.studies.plotting import plot_front
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.study import Study

from .conftest import fill


@pytest.fixture(autouse=True)
def text_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words of an SVG are written as words, so that they can be read."""
    import matplotlib

    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")


def words(study: Study, folder: Path) -> list[str]:
    plot_front(study, folder / "front.svg")
    return re.findall(r">([^<>\n]+)</t", (folder / "front.svg").read_text())


def test_a_png_is_a_png(filled: Study, tmp_path: Path) -> None:
    plot_front(filled, tmp_path / "front.PNG")
    assert (tmp_path / "front.PNG").read_bytes().startswith(b"\x89PNG")


def test_axes_say_what_they_show_in_which_unit_and_where_it_comes_from(filled: Study, tmp_path: Path) -> None:
    said = words(filled, tmp_path)
    assert "accuracy, validation" in said
    assert "latency (ms), measured" in said
    assert "cpu:eager:fp32:1:prefill/1/1" in said


def test_members_have_their_numbers_and_beaten_trials_are_told_apart(filled: Study, tmp_path: Path) -> None:
    said = words(filled, tmp_path)
    assert {"1", "3"} <= set(said) and "4" not in said
    assert {"dominated", "not dominated"} <= set(said)


def test_bounds_are_lines_with_a_name(store: Store, timed_spec: StudySpec, tmp_path: Path) -> None:
    bounded = replace(timed_spec, constraints=(parse_constraint("latency <= 2.5ms"),))
    assert "latency &lt;= 2.5 ms" in words(fill(store, bounded), tmp_path)


def test_three_objectives_make_two_panels(store: Store, timed_spec: StudySpec, tmp_path: Path) -> None:
    three = replace(timed_spec, objectives=parse_objectives("accuracy, -latency, -params"))
    said = words(fill(store, three), tmp_path)
    assert said.count("accuracy, validation") == 2
    assert any(word.startswith("params") for word in said)


def test_another_ending_is_refused_before_anything_is_written(filled: Study, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"front.docx' is not a picture that can be drawn; endings: .png, .svg"):
        plot_front(filled, tmp_path / "front.docx")
    assert not list(tmp_path.iterdir())


def test_a_study_with_one_objective_cannot_be_drawn(store: Store, timed_spec: StudySpec, tmp_path: Path) -> None:
    single = fill(store, replace(timed_spec, objectives=parse_objectives("accuracy")))
    with pytest.raises(UserError, match="has one objective, accuracy; a picture needs two"):
        plot_front(single, tmp_path / "front.png")


def test_a_study_without_a_complete_trial_cannot_be_drawn(store: Store, timed_spec: StudySpec, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no complete trial to draw"):
        plot_front(fill(store, timed_spec, rows=()), tmp_path / "front.png")


def test_a_folder_that_is_missing_is_said(filled: Study, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written: No such file or directory"):
        plot_front(filled, tmp_path / "no" / "front.png")
