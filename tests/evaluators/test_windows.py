import pytest
import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.passages import Passage
from paretoformer.evaluators.windows import LENGTH, byte_windows


def noise(n: int, seed: int) -> bytes:
    return bytes(torch.randint(0, 256, (n,), generator=torch.Generator().manual_seed(seed)).tolist())


def windows(train=b"", validation=b"", test=b""):
    texts = zip(Split, (train, validation, test), strict=True)
    return byte_windows({split: [[Passage(content=text, group=0)]] for split, text in texts})


def test_windows_of_a_text_ask_each_byte_but_the_first_once() -> None:
    text = noise(3 * LENGTH + 1, 0)
    assert bytes(windows(text)[Split.TRAIN].targets.flatten().tolist()) == text[1:]


def test_targets_are_the_bytes_after_the_inputs() -> None:
    found = windows(noise(2 * LENGTH + 9, 0))[Split.TRAIN]
    assert torch.equal(found.inputs[:, 1:], found.targets[:, :-1])


def test_a_text_shorter_than_a_window_and_a_byte_gives_none() -> None:
    assert len(windows(noise(LENGTH, 0))[Split.TRAIN]) == 0


def test_a_window_of_training_is_left_out_of_validation_and_test() -> None:
    seen, new = noise(LENGTH, 0), noise(LENGTH, 1)
    found = windows(seen + b"x", seen + new + b"y", new + seen + b"z")
    assert [len(found[split]) for split in Split] == [1, 1, 0]


def test_windows_never_cross_texts() -> None:
    first, second = noise(LENGTH + 100, 0), noise(LENGTH + 100, 1)
    runs = [[Passage(content=text, group=0)] for text in (first, second)]
    found = byte_windows({Split.TRAIN: runs, Split.VALIDATION: [], Split.TEST: []})[Split.TRAIN]
    assert [bytes(row) for row in found.inputs.tolist()] == [first[:LENGTH], second[:LENGTH]]


@pytest.mark.parametrize("shift", [1, 100, 200])
def test_a_shifted_copy_of_training_is_left_out_of_validation(shift: int) -> None:
    text = noise(4 * LENGTH + 1, 0)
    assert len(windows(text, text[shift:])[Split.VALIDATION]) == 0


def test_a_window_of_which_less_than_half_is_known_stays() -> None:
    text = noise(LENGTH + 1, 0)
    assert len(windows(text, text[:100] + noise(LENGTH, 1))[Split.VALIDATION]) == 1


def test_a_window_belongs_to_the_passage_in_its_middle() -> None:
    run = [Passage(content=noise(200, 3), group=3), Passage(content=noise(2 * LENGTH, 5), group=5)]
    found = byte_windows({Split.TRAIN: [run], Split.VALIDATION: [], Split.TEST: []})[Split.TRAIN]
    assert found.groups.tolist() == [3, 5]
