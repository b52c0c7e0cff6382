import random
from pydoc_data.topics import topics

import pytest
import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.own_data.path import task_from_path
from paretoformer.records.errors import UserError

PROSE = "".join(f"Line {number} says {number * number}; čaj.\n" for number in range(1_000)).encode()

WORDS = "".join(topics.values()).split()


@pytest.fixture
def prose(tmp_path):
    path = tmp_path / "prose.md"
    path.write_bytes(PROSE)
    return path


def windows(task, split: Split) -> list[bytes]:
    return [bytes(row) for row in task.examples(split).inputs.tolist()]


def test_any_utf8_file_is_a_language_modelling_task_of_its_stem(prose) -> None:
    task = task_from_path(prose)
    assert (task.name, task.metrics[0].name, task.signature.output.vocabulary) == ("prose", "bits_per_byte", 256)


def test_windows_are_pieces_of_the_text(prose) -> None:
    task = task_from_path(prose)
    assert all(window in PROSE for split in Split for window in windows(task, split))


def test_text_of_one_split_is_in_no_other(prose) -> None:
    task = task_from_path(prose)
    places = {split: [PROSE.index(window) for window in windows(task, split)] for split in Split}
    for split in (Split.VALIDATION, Split.TEST):
        others = [place for other in Split if other is not split for place in places[other]]
        assert all(abs(place - other) >= 256 for place in places[split] for other in others)


@pytest.mark.parametrize("shift", [b"", b"a", b"five ", b"-" * 100])
def test_a_copy_of_the_text_is_in_the_split_of_the_text_however_it_is_shifted(prose, shift) -> None:
    words = random.Random(0).choices(WORDS, k=20_000)
    text = " ".join(words).encode()
    prose.write_bytes(text + shift + text)
    task = task_from_path(prose)
    sizes = torch.tensor([len(task.examples(split)) for split in Split])
    torch.testing.assert_close(sizes / sizes.sum(), torch.tensor([0.70, 0.15, 0.15]), atol=0.05, rtol=0)
    for split in (Split.VALIDATION, Split.TEST):
        others = b" ".join(row for other in Split if other is not split for row in windows(task, other))
        known = {others[start : start + 64] for start in range(len(others))}
        for window in windows(task, split):
            pieces = [window[start : start + 64] in known for start in range(0, 193)]
            assert sum(pieces) < len(pieces) / 2


def test_opening_twice_gives_the_same_examples(prose) -> None:
    first, second = (task_from_path(prose).examples(Split.TEST) for _ in range(2))
    assert torch.equal(first.inputs, second.inputs)


def test_a_byte_order_mark_is_no_text(prose) -> None:
    plain = task_from_path(prose).data_hash
    prose.write_bytes(b"\xef\xbb\xbf" + PROSE)
    assert task_from_path(prose).data_hash == plain


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"abc\xff" + PROSE, "not UTF-8 text: byte 0xff at offset 3"),
        (b"\xef\xbb\xbfabc\xff" + PROSE, "not UTF-8 text: byte 0xff at offset 6"),
        (b"ab\0" + PROSE, "not UTF-8 text: byte 0x00 at offset 2"),
        (PROSE[:700], "has 700 bytes; .* need at least 5,140"),
        (b"abcd" * 5_000, "repeats itself"),
    ],
    ids=["empty", "binary", "binary after a mark", "zero byte", "short", "repeats"],
)
def test_a_file_that_cannot_serve_is_refused(prose, content, sentence) -> None:
    prose.write_bytes(content)
    with pytest.raises(UserError, match=sentence) as error:
        task_from_path(prose)
    assert str(prose) in str(error.value)


def test_a_text_takes_no_columns(prose) -> None:
    with pytest.raises(UserError, match="is a text file and has no columns; leave 'text=a,label=b' out"):
        task_from_path(prose, "text=a,label=b")


def test_a_missing_file_says_what_a_path_may_be(tmp_path) -> None:
    with pytest.raises(UserError, match=r"no file or folder .*UTF-8 text file"):
        task_from_path(tmp_path / "nothing.txt")
