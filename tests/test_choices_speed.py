"""What benchmarks/choices_speed.py times: which choices, with which values, beside what."""

import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import torch

from paretoformer.search_spaces.registry import choice, choices

FOLDER = Path(__file__).parents[1] / "benchmarks"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="benchmarks are not part of the wheel")


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The folder's modules can be imported, with torch's threads as they were after."""
    threads = torch.get_num_threads()
    monkeypatch.syspath_prepend(str(FOLDER))
    yield
    torch.set_num_threads(threads)


def test_every_choice_that_computes_something_has_a_case() -> None:
    from choices_cases import NOTHING, cases

    timed = {case.name for case in cases(64, 32)}
    for kind in ("mixer", "position", "norm", "feedforward"):
        assert {f"{kind} {each}" for each in choices(kind) if str(each) not in NOTHING} <= timed


def test_in_long_sequences_mixers_run_at_their_defaults_but_for_the_form_of_their_reference() -> None:
    from choices_cases import NOTHING, SIZES, forms, mixer_case

    _, length, width = SIZES["large"]
    for name in (str(each) for each in choices("mixer") if str(each) not in NOTHING):
        own, given = choice("mixer", name).config(), mixer_case(name, length, width).config
        other = {item.name for item in fields(own) if getattr(own, item.name) != getattr(given, item.name)}
        assert other == set(forms(name)), name


def test_every_plain_formula_computes_what_its_choice_does_where_blocks_leave_a_rest_too() -> None:
    from choices_cases import built, cases
    from choices_references import PACKAGED, UNPUBLISHED, reference
    from choices_speed import check, laid_out

    length, others = 72, {*PACKAGED, *UNPUBLISHED}
    for case in (case for case in cases(length, 32) if case.name not in others):
        module = built(case)
        beside = reference(case.name, case.config, case.site, module)
        assert beside is not None, case.name
        x = torch.randn(2, length, 32, generator=torch.Generator().manual_seed(1))
        assert beside.equal, case.name
        check(case, module, x, beside, laid_out(x, beside.layout, case.site))


@pytest.mark.parametrize(
    ("only", "wanted"),
    [(set(), True), ({"encoder"}, True), ({"frames"}, True), ({"decoder"}, False), ({"encoder,"}, False)],
)
def test_rows_are_chosen_by_a_word_of_their_name(only: set[str], wanted: bool) -> None:
    from choices_speed import named

    assert named("topology encoder, stem frames", only) == wanted


def test_new_rows_take_the_place_of_those_of_their_size_and_direction() -> None:
    from choices_speed import renewed

    def row(choice: str, size: str, ratio: float) -> dict[str, object]:
        return {"choice": choice, "size": size, "backward": False, "ratio": ratio}

    kept = [row("a", "small", 1.0), row("a", "large", 1.0), row("b", "small", 1.0)]
    assert renewed(kept, [row("a", "small", 2.0)]) == [*kept[1:], row("a", "small", 2.0)]


def test_a_short_run_prints_its_ratios_and_no_table_of_growth(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import choices_speed

    monkeypatch.setattr(choices_speed, "CASE_S", 0.0)
    monkeypatch.setattr(choices_speed, "whole_models", lambda *size: iter(()))
    monkeypatch.setattr(sys, "argv", ["choices_speed.py", "--short", "--only", "rms"])
    choices_speed.main()
    printed = capsys.readouterr().out
    assert "norm rms" in printed
    assert "MACs" not in printed
