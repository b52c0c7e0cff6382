import json
import sys

import pytest
import torch

from paretoformer.evaluators.emoji.pictures import SIZE, read_pictures
from paretoformer.evaluators.packages import folder
from paretoformer.records.errors import UserError


@pytest.fixture
def few(tmp_path):
    """The font of the package, and five names of it: one twice, one that shows nothing, one that is only a variant."""
    try:
        data = folder("emoji")
    except UserError as absent:
        pytest.skip(str(absent))
    (tmp_path / "font").symlink_to(data / "font")
    (tmp_path / "names").mkdir()
    facts = {"🚗": (":car:", 2), "\u00a0": (":nothing:", 2), "😀": (":grinning_face:", 2), "👋": (":hand:", 3)}
    names = {emoji: {"en": name, "status": status} for emoji, (name, status) in facts.items()}
    (tmp_path / "names" / "emoji.json").write_text(json.dumps(names), encoding="utf-8")
    return tmp_path


def test_fully_qualified_emoji_that_show_something_are_drawn(few) -> None:
    pictures = read_pictures(few)
    assert pictures.names == ("grinning face", "car") and pictures.emoji == ("😀", "🚗")
    assert pictures.images.shape == (2, 3, SIZE, SIZE) and pictures.images.dtype == torch.uint8


def test_they_are_coloured_on_white(few) -> None:
    _, car = read_pictures(few).images.float()
    assert (car[:, 0, 0] == 255).all()
    assert (car[0] - car[2]).abs().max() > 50


def test_the_second_reading_draws_nothing_and_is_equal(few, monkeypatch) -> None:
    first = read_pictures(few)
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert read_pictures(few).digest == first.digest


def test_without_pillow_a_sentence_says_what_to_install(few, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(UserError, match="Pillow.*pip install"):
        read_pictures(few)
