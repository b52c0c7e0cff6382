"""Pictures of fronts."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from paretoformer.records.errors import UserError
from paretoformer.records.objective import parse_objectives
from paretoformer.store import Store
from paretoformer.studies.plotting import plot_front
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.study import Study

from .stored import architectures, stored


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open("sqlite://") as opened:
        yield opened


@pytest.fixture
def study(store: Store, counted_spec: StudySpec) -> Study:
    """Two members, and one that both dominate."""
    cheap, middle, dear = architectures(counted_spec, 3)
    return stored(store, counted_spec, "s", [(0.4, cheap), (0.9, middle), (0.2, dear)])


def drawn(study: Study, folder: Path) -> str:
    """What an SVG says: matplotlib keeps each text in a comment beside its outlines."""
    plot_front(study, folder / "front.svg")
    return " ".join(re.findall("<!-- (.*?) -->", (folder / "front.svg").read_text()))


def test_axes_name_objective_unit_and_where_figures_come_from(study: Study, tmp_path: Path) -> None:
    text = drawn(study, tmp_path)
    assert "accuracy, validation" in text
    assert re.search(r"macs \([kM]\), counted", text)


def test_members_are_numbered_and_counted(study: Study, tmp_path: Path) -> None:
    text = drawn(study, tmp_path)
    assert "s: 2 of 3 complete trials are not dominated" in text
    assert "dominated" in text.split()


def test_a_bound_on_an_objective_is_drawn(store: Store, counted_spec: StudySpec, tmp_path: Path) -> None:
    spec = replace(counted_spec, objectives=parse_objectives("accuracy, -params"))
    study = stored(store, spec, "bounded", [(0.5, *architectures(spec, 1))])
    assert "params &lt;= 20 k" in drawn(study, tmp_path).replace("<=", "&lt;=")


def test_a_png_is_written(study: Study, tmp_path: Path) -> None:
    plot_front(study, tmp_path / "front.png")
    assert (tmp_path / "front.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["front.pdf", "front", "no/folder/front.png"])
def test_a_file_that_cannot_be_drawn_is_refused(study: Study, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=re.escape(name)):
        plot_front(study, tmp_path / name)
    assert not any(tmp_path.iterdir())


def test_a_study_without_a_complete_trial_or_a_second_objective_is_refused(
    store: Store, counted_spec: StudySpec, tmp_path: Path
) -> None:
    single = replace(counted_spec, objectives=parse_objectives("accuracy"))
    for name, spec, said in (("empty", counted_spec, "no complete trial"), ("single", single, "needs two")):
        with pytest.raises(UserError, match=said):
            plot_front(stored(store, spec, name, []), tmp_path / "front.png")
