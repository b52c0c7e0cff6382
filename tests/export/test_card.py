from dataclasses import replace

import pytest

from paretoformer.evaluators.task import About
from paretoformer.export.card import write_card
from paretoformer.export.held_out import HeldOutScore
from paretoformer.export.registry import export_format

SCORE = HeldOutScore(metric="accuracy", unit="fraction", split="test", value=0.9, low=0.85, high=0.95)


@pytest.fixture
def card(tmp_path):
    def write(subject, retimed=()):
        write_card(subject, export_format("safetensors"), [SCORE], retimed, tmp_path)
        return (tmp_path / "README.md").read_text()

    return write


def test_a_card_credits_the_data_with_its_licence(card, encoder):
    assert "licence: CC BY 4.0 (UCI)" in card(encoder)


def test_a_card_credits_whoever_made_packaged_data(card, encoder, monkeypatch):
    assert "attribution" not in card(encoder)
    monkeypatch.setattr(encoder.task, "about", replace(encoder.task.about, package="brown"), raising=False)
    assert "- attribution: W. N. Francis and H. Kucera" in card(encoder)


def test_a_card_has_scores_with_their_intervals(card, encoder):
    assert "| accuracy | test | 0.900 | 0.850 to 0.950 |" in card(encoder)


def test_a_card_has_costs_with_their_provenance(card, encoder):
    assert "| 1.25 ms | 1.2 ms to 1.3 ms | measured |" in card(encoder)


def test_a_card_marks_noisy_costs(card, encoder):
    noisy = replace(encoder.measurements[0], conditions={"noisy": True})
    assert "| measured, noisy |" in card(replace(encoder, measurements=(noisy,)))


def test_a_card_without_costs_has_no_empty_table(card, encoder):
    assert "## Costs" not in card(replace(encoder, measurements=()))


def test_names_and_texts_of_users_are_shown_and_not_rendered(card, encoder, monkeypatch):
    hostile = "<script>x</script>\n# Title | [link](http://x) `code`"
    about = About(title=hostile, data=hostile, licence=hostile, baseline=hostile)
    monkeypatch.setattr(encoder.task, "about", about, raising=False)
    text = card(replace(encoder, study=hostile))
    assert "\\<script\\>" in text and "<script>" not in text.replace("\\<script\\>", "")
    assert "\n# Title" not in text and "[link](" not in text.replace("\\[link\\](", "")
