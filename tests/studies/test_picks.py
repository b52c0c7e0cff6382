"""Picking one point of a front."""

import pytest

from paretoformer.records.errors import UserError
from paretoformer.records.target import parse_target
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.studies.front import Interval
from paretoformer.studies.picks import pick
from paretoformer.studies.points import FrontPoint
from paretoformer.studies.spec import Column

COLUMNS = (
    Column(name="accuracy", minimise=False, unit="fraction"),
    Column(name="latency", minimise=True, unit="s", target=parse_target("cpu:eager:fp32:1:prefill/1/1")),
)


@pytest.fixture
def points(space: SearchSpace) -> list[FrontPoint]:
    architecture = space.decode(
        {
            "stem.size": 2,
            "encoder.depth": 1,
            "encoder.width": 8,
            "encoder.mixer[0]": "identity",
            "encoder.feedforward.ratio": 1,
        }
    ).architecture
    rows = [(1, 0.99, 0.010, 900), (2, 0.98, 0.002, 500), (3, 0.80, 0.001, 700)]
    return [
        FrontPoint(
            number=number,
            columns=COLUMNS,
            values=tuple(Interval(value=v, low=v, high=v) for v in (accuracy, latency)),
            provenance=("scored", "measured"),
            architecture=architecture,
            counts={"params": params},
            genes={},
        )
        for number, accuracy, latency, params in rows
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("best", 1),
        ("fastest", 3),
        ("smallest", 2),
        ("knee", 2),
        ("3", 3),
        ("latency <= 3ms", 2),
        ("latency <= 3 ms and accuracy >= 0.5", 2),
        ("params <= 600", 2),
        ("accuracy >= 99%", 1),
    ],
)
def test_words_numbers_and_bounds_choose(points: list[FrontPoint], text: str, number: int) -> None:
    assert pick(text, points, points).number == number


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("cheapest", "'cheapest' is not a pick; picks: knee, best, fastest, smallest"),
        ("9", "Trial 9 is not complete in this study; complete: 1, 2, 3."),
        ("latency <= 1us", "the nearest is trial 3 with latency 1 ms"),
        ("energy <= 1mJ", "energy is not known of this study; it has accuracy, latency, params"),
        ("latency <= 5", "needs a unit, as in 5ms"),
    ],
)
def test_what_cannot_be_picked_is_said(points: list[FrontPoint], text: str, sentence: str) -> None:
    with pytest.raises(UserError) as error:
        pick(text, points, points)
    assert sentence in str(error.value)


def test_an_empty_study_has_nothing_to_pick() -> None:
    with pytest.raises(UserError, match="no complete trial"):
        pick("best", [], [])
