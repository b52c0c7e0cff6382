"""Picking one point of a front."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from paretoformer.records.errors import UserError
from paretoformer.records.target import parse_target
from paretoformer.search_spaces.architecture import Architecture
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
    return made(architecture, [(1, 0.99, 0.010, 900), (2, 0.98, 0.002, 500), (3, 0.80, 0.001, 700)])


def made(architecture: Architecture, rows: Sequence[tuple[int, float, float, int]]) -> list[FrontPoint]:
    """Points of (number, accuracy, latency, parameters)."""
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


def test_a_bound_on_a_target_is_held_against_the_cost_there(points: list[FrontPoint]) -> None:
    other = Column(name="latency", minimise=True, unit="s", target=parse_target("cpu:onnx:fp32:1:prefill/1/1"))
    both = [
        replace(point, columns=(*point.columns, other), values=(*point.values, Interval(value=v, low=v, high=v)))
        for point, v in zip(points, (1e-3, 5e-3, 9e-3), strict=True)
    ]
    assert pick("latency[cpu:onnx] <= 1ms", both, both).number == 1
    assert pick("latency[cpu:eager] <= 1ms", both, both).number == 3
    with pytest.raises(UserError, match=r"the nearest is trial 1 with latency\[cpu:onnx\] 1 ms"):
        pick("latency[cpu:onnx] <= 1us", both, both)
    with pytest.raises(
        UserError, match=r"latency\[cuda\] is not known of this study; it has accuracy, latency\[cpu:eager"
    ):
        pick("latency[cuda] <= 1ms", both, both)


@pytest.mark.parametrize(
    ("inner", "number"),
    [
        ([(2, 0.90, 6.5e-3), (3, 0.65, 4.5e-3)], 2),  # sums 0.65 and 0.70, though 3 is nearer to the ideal corner
        ([(2, 0.65, 4.5e-3), (3, 0.45, 2e-3)], 3),  # sums 0.70 and 0.65
        ([(3, 0.50, 3.5e-3), (2, 0.75, 6e-3)], 2),  # equal sums: the better accuracy
    ],
)
def test_the_knee_is_farthest_from_the_line_through_the_extremes(
    points: list[FrontPoint], inner: list[tuple[int, float, float]], number: int
) -> None:
    extremes = [(1, 1.0, 11e-3, 9), (4, 0.0, 1e-3, 9)]
    front = made(points[0].architecture, [*extremes, *((*row, 9) for row in inner)])
    assert pick("knee", front, front).number == number


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
