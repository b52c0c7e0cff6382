import random
from collections import Counter
from pydoc_data.topics import topics

import pytest

from paretoformer.evaluators.passages import LEAST, Passage, passages

WORDS = "".join(topics.values()).split()


def prose(n: int, seed: int) -> bytes:
    """Text of real words without order, so that nothing in it is said twice but phrases."""
    return " ".join(random.Random(seed).choices(WORDS, k=n)).encode()


def alone(parts: list[Passage]) -> int:
    return len({part.group for part in parts})


@pytest.mark.parametrize("words", [1_200, 30_000])
def test_passages_are_the_text(words: int) -> None:
    text = prose(words, 0)
    parts = passages(text)
    assert b"".join(part.content for part in parts) == text and len(parts) >= 7
    assert all(len(part.content) >= LEAST for part in parts)


def test_ordinary_prose_does_not_collapse() -> None:
    """Python's reference repeats a dozen of its topics; all else of it stays apart."""
    parts = passages("\n\n".join(topics[name] for name in sorted(topics)).encode())
    sizes = Counter(part.group for part in parts)
    assert len(sizes) >= 0.7 * len(parts) and max(sizes.values()) <= 4


@pytest.mark.parametrize("shift", [b"", b"x", b"five ", b"y" * 100])
def test_a_copy_that_is_shifted_joins_the_groups_of_the_text(shift: bytes) -> None:
    text = prose(20_000, 0)
    parts = passages(text + shift + text)
    shared = [
        part for part in parts[len(parts) // 2 :] if any(part.group == one.group for one in parts[: len(parts) // 2])
    ]
    assert len(shared) >= 0.9 * len(parts) / 2
    assert alone(parts) >= len(parts) // 2 - 2


def test_a_copy_with_an_edit_every_hundred_words_joins_too() -> None:
    words = prose(20_000, 0).split()
    edited = [b"edited" if number % 100 == 0 else word for number, word in enumerate(words)]
    parts = passages(b" ".join(words) + b" " + b" ".join(edited))
    assert alone(parts) <= 0.6 * len(parts)


def test_a_group_is_named_by_its_first_passage() -> None:
    text = prose(20_000, 0)
    assert all(part.group <= number for number, part in enumerate(passages(text + text)))


def test_text_without_any_place_to_cut_is_cut_all_the_same() -> None:
    assert len(passages(b"a" * 100_000)) >= 20
