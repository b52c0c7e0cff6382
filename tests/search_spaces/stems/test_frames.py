"""Frames: steps of a series, several to a token."""

import pytest
import torch

from paretoformer.records.signature import SeriesInput
from paretoformer.search_spaces.registry import config_from_json

GIVEN = SeriesInput(channels=3, length=13)


def frames(size: int, given: SeriesInput = GIVEN):
    config = config_from_json("stem", {"name": "frames", "size": size})
    return config, config.build_stem(given, 8).double()


@pytest.mark.parametrize("size", [1, 2, 5, 13])
def test_a_token_is_made_of_the_steps_of_its_frame_alone(size, places) -> None:
    config, stem = frames(size)
    series = places.normal(2, GIVEN.length, GIVEN.channels)
    with torch.no_grad():
        tokens = stem(series)
        assert tokens.shape == (2, config.tokens(GIVEN), 8)
        for place in range(config.tokens(GIVEN)):
            frame = series[:, place * size : (place + 1) * size]
            torch.testing.assert_close(tokens[:, place], stem(frame)[:, 0])


def test_a_frame_is_read_step_by_step_and_number_by_number(places) -> None:
    _, stem = frames(2)
    frame = places.normal(1, 2, GIVEN.channels)
    expected = stem.map.bias.detach().clone()
    weights = stem.map.weight.detach().unflatten(1, (2, GIVEN.channels))
    for step in range(2):
        for channel in range(GIVEN.channels):
            expected += frame[0, step, channel] * weights[:, step, channel]
    with torch.no_grad():
        torch.testing.assert_close(stem(frame)[0, 0], expected)


def test_steps_that_fill_no_frame_change_nothing(places) -> None:
    _, stem = frames(5)
    series = places.normal(2, 13, GIVEN.channels)
    other = series.clone()
    other[:, 10:] += 1
    with torch.no_grad():
        assert torch.equal(stem(series), stem(other))


def test_lengths_are_counted_in_whole_frames() -> None:
    _, stem = frames(4)
    assert stem.lengths(torch.tensor([13, 8, 3])).tolist() == [3, 2, 0] and stem.lengths(None) is None


@pytest.mark.parametrize("size", [0, 14])
def test_a_frame_longer_than_the_series_is_refused_with_the_range(size) -> None:
    config = config_from_json("stem", {"name": "frames", "size": 1}).__class__(size=size)
    (problem,) = config.input_problems(GIVEN)
    assert f"takes {size} steps" in problem and "1 to 13" in problem
