import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators import repetition
from paretoformer.evaluators.repetition import ONE_IN, STRETCH, is_repetition, prints


def noise(n: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(n)


@settings(deadline=None, max_examples=30)
@given(before=st.binary(max_size=50), text=st.binary(min_size=40, max_size=400), after=st.binary(max_size=50))
def test_a_text_has_the_prints_of_every_part_of_it(before: bytes, text: bytes, after: bytes) -> None:
    assert set(prints(text)) <= set(prints(before + text + after))


def test_about_one_stretch_in_so_many_is_kept() -> None:
    assert len(prints(noise(40_000, 0))) == pytest.approx(40_000 / ONE_IN, rel=0.05)


def test_prints_do_not_depend_on_how_much_is_hashed_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    text = noise(1_000, 0)
    whole = prints(text)
    monkeypatch.setattr(repetition, "_PIECE", 7)
    assert np.array_equal(prints(text), whole)


def test_a_text_shorter_than_a_stretch_has_no_print_and_repeats_nothing() -> None:
    assert not len(prints(noise(STRETCH - 1, 0)))
    assert not is_repetition(noise(STRETCH - 1, 0), prints(noise(5_000, 0)))


@pytest.mark.parametrize("shift", [1, 7, 100, 255])
def test_a_window_is_a_repetition_wherever_it_lies(shift: int) -> None:
    text = noise(5_000, 0)
    assert is_repetition(text[shift : shift + 257], prints(text))


@pytest.mark.parametrize(("share", "found"), [(0.25, False), (0.75, True)])
def test_more_than_half_must_be_known(share: float, found: bool) -> None:
    text, known = noise(2_000, 0), int(2_000 * share)
    assert is_repetition(text, prints(text[:known] + noise(2_000, 1))) is found


def test_filler_counts_once() -> None:
    """A line of dashes, however long, is one thing in common."""
    assert not is_repetition(noise(200, 0) + b"-" * 2_000, prints(noise(2_000, 1) + b"-" * 2_000))
