"""Numbers beside the points of a picture."""

import itertools
import random

import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from paretoformer.studies.numbering import write_numbers

Places = dict[int, tuple[float, float]]


def crowd(count: int, spread: float = 1.0) -> Places:
    """A front of `count` points: more x, more y, many of them close together."""
    rng = random.Random(count)
    xs, ys = (sorted(spread * rng.random() ** 2 for _ in range(count)) for _ in range(2))
    return {97 + index: place for index, place in enumerate(zip(xs, ys, strict=True))}


def drawn(places: Places) -> Axes:
    figure = Figure(figsize=(5.6, 4.4), dpi=160, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    xs, ys = zip(*places.values(), strict=True)
    axes.errorbar(xs, ys, xerr=0.01, yerr=0.01, fmt="o", markersize=5, linewidth=0)
    axes.margins(0.08)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    return axes


def boxes(axes: Axes) -> list[Bbox]:
    """Of the written numbers, without their leader lines."""
    return [Text.get_window_extent(text) for text in _numbers(axes)]


def _numbers(axes: Axes) -> list[Annotation]:
    axes.get_figure(root=True).draw_without_rendering()
    return [text for text in axes.texts if isinstance(text, Annotation)]


@pytest.mark.parametrize("count", [3, 8, 25, 60])
def test_no_number_of_a_crowded_front_lies_on_another_or_on_a_point_or_outside(count: int) -> None:
    places = crowd(count)
    axes = drawn(places)
    write_numbers(axes, places, up=True)
    written = boxes(axes)
    assert written
    assert not any(one.overlaps(other) for one, other in itertools.combinations(written, 2))
    points = axes.transData.transform(list(places.values()))
    assert not any(box.count_contains(points) for box in written)
    frame = axes.get_window_extent()
    assert all(frame.contains(*corner) for box in written for corner in (box.min, box.max))


def test_a_front_of_a_search_has_all_its_numbers() -> None:
    places = crowd(25)
    axes = drawn(places)
    assert write_numbers(axes, places, up=True) == 0
    assert [text.get_text() for text in axes.texts] == [str(number) for number in places]


def test_what_finds_no_room_is_left_out_and_counted() -> None:
    places = dict.fromkeys(range(100, 300), (0.5, 0.5)) | {1: (0.0, 0.0), 2: (1.0, 1.0)}
    axes = drawn(places)
    left_out = write_numbers(axes, places, up=True)
    assert 0 < left_out == len(places) - len(axes.texts)


@pytest.mark.parametrize("up", [True, False])
def test_a_number_alone_stands_on_the_better_side(up: bool) -> None:
    places = {1: (0.0, 0.0), 2: (0.5, 0.5), 3: (1.0, 1.0)}
    axes = drawn(places)
    write_numbers(axes, places, up=up)
    above = [text.xyann[1] > 0 for text in _numbers(axes)]
    assert above == [up] * 3


def test_a_number_with_room_around_it_stands_beside_its_point_without_a_line() -> None:
    places = {1: (0.0, 0.0), 25: (0.5, 0.5), 300: (1.0, 1.0)}
    axes = drawn(places)
    write_numbers(axes, places, up=True)
    assert [text.arrow_patch for text in _numbers(axes)] == [None] * 3
