"""Fronts and hypervolumes against their definitions."""

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.studies.front import Interval, dominates, front_indices, hypervolume, nondominated

values = st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=1, max_size=12)


@st.composite
def noisy(draw: st.DrawFn, most: int = 10) -> list[tuple[Interval, ...]]:
    """Points of three objectives, each known to an interval of its own, to either side of its median."""
    interval = st.builds(
        lambda value, below, above: Interval(value=value, low=value - below, high=value + above),
        *[st.integers(0, 6), st.integers(0, 3), st.integers(0, 3)],
    )
    return draw(st.lists(st.tuples(interval, interval, interval), min_size=1, max_size=most))


def exact(*numbers: float) -> tuple[Interval, ...]:
    return tuple(Interval(value=n, low=n, high=n) for n in numbers)


def around(*pairs: tuple[float, float]) -> tuple[Interval, ...]:
    return tuple(Interval(value=value, low=value - half, high=value + half) for value, half in pairs)


def test_a_point_that_is_better_everywhere_and_separated_somewhere_dominates() -> None:
    assert dominates(around((1, 0.5), (1, 0.1)), around((1.2, 0.5), (2, 0.1)))


def test_a_better_median_within_the_noise_does_not_dominate() -> None:
    assert not dominates(around((1, 0.5), (1, 0.5)), around((1.2, 0.5), (1.2, 0.5)))


def test_a_tie_by_noise_stays_on_the_front() -> None:
    assert front_indices([around((1, 0.5), (1, 0.5)), around((1.2, 0.5), (1.2, 0.5))]) == [0, 1]


def test_equal_points_all_stay() -> None:
    assert front_indices([exact(1, 2), exact(1, 2)]) == [0, 1]


def test_an_empty_study_has_an_empty_front() -> None:
    assert front_indices([]) == []


@settings(deadline=None, max_examples=50)
@given(values)
def test_exact_fronts_follow_the_definition(rows: list[list[int]]) -> None:
    points = [exact(*row) for row in rows]
    expected = [i for i, b in enumerate(points) if not any(dominates(a, b) for a in points)]
    assert front_indices(points) == expected


@settings(deadline=None, max_examples=50)
@given(values)
def test_nondominated_rows_follow_the_definition(rows: list[list[int]]) -> None:
    array = np.array(rows, dtype=float)
    kept = nondominated(array)
    for i, row in enumerate(array):
        beaten = ((array <= row).all(1) & (array < row).any(1)).any()
        assert kept[i] == (not beaten)


@settings(deadline=None, max_examples=30)
@given(values)
def test_hypervolume_counts_the_cells_below_the_reference(rows: list[list[int]]) -> None:
    cells = sum(
        any(r[0] <= x and r[1] <= y and r[2] <= z for r in rows) for x in range(7) for y in range(7) for z in range(7)
    )
    assert hypervolume(np.array(rows, dtype=float), [7, 7, 7]) == cells


def test_points_beyond_the_reference_add_nothing() -> None:
    assert hypervolume(np.array([[2.0, 0.0]]), [1, 1]) == 0.0


@settings(deadline=None, max_examples=100)
@given(noisy())
def test_noisy_fronts_follow_the_definition(points: list[tuple[Interval, ...]]) -> None:
    assert front_indices(points) == [i for i, b in enumerate(points) if not any(dominates(a, b) for a in points)]


@settings(deadline=None, max_examples=100)
@given(noisy(most=2))
def test_of_two_points_one_at_most_dominates_and_none_itself(points: list[tuple[Interval, ...]]) -> None:
    a, b = points[0], points[-1]
    assert not (dominates(a, b) and dominates(b, a))
    assert not dominates(a, a)


@settings(deadline=None, max_examples=100)
@given(noisy())
def test_a_front_is_never_empty(points: list[tuple[Interval, ...]]) -> None:
    assert front_indices(points)


@settings(deadline=None, max_examples=100)
@given(noisy())
def test_no_member_dominates_another(points: list[tuple[Interval, ...]]) -> None:
    members = [points[index] for index in front_indices(points)]
    assert not any(dominates(a, b) for a in members for b in members)


@settings(deadline=None, max_examples=100)
@given(noisy())
def test_the_front_of_a_front_is_itself(points: list[tuple[Interval, ...]]) -> None:
    members = [points[index] for index in front_indices(points)]
    assert front_indices(members) == list(range(len(members)))


@settings(deadline=None, max_examples=100)
@given(noisy(), st.integers(0, 3), st.integers(0, 3))
def test_wider_intervals_never_shrink_a_front(points: list[tuple[Interval, ...]], below: int, above: int) -> None:
    wider = [
        tuple(Interval(value=each.value, low=each.low - below, high=each.high + above) for each in point)
        for point in points
    ]
    assert set(front_indices(points)) <= set(front_indices(wider))


@settings(deadline=None, max_examples=100)
@given(noisy(), st.randoms(use_true_random=False))
def test_a_front_does_not_depend_on_the_order_of_points(points: list[tuple[Interval, ...]], rng: random.Random) -> None:
    order = list(range(len(points)))
    rng.shuffle(order)
    assert sorted(order[index] for index in front_indices([points[index] for index in order])) == front_indices(points)


@settings(deadline=None, max_examples=50)
@given(noisy())
def test_the_front_by_medians_alone_stays_on_the_noisy_one(points: list[tuple[Interval, ...]]) -> None:
    medians = np.array([[each.value for each in point] for point in points], dtype=float)
    assert set(np.flatnonzero(nondominated(medians))) <= set(front_indices(points))
