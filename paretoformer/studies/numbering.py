"""Where the numbers of points stand in a picture, so that none lies on another or on a point."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Boxes = NDArray[np.float64]
"""Rows of left, bottom, right, top in pixels."""

FONT_POINTS = 8.0
GAPS_POINTS = (3.6, 9.0, 16.0, 24.0, 33.0, 43.0)
"""Between a point and its number, nearest first; from the second on a thin line joins them."""
DIRECTIONS = ((-1, 1), (0, 1), (1, 1), (-1, 0), (1, 0), (-1, -1), (0, -1), (1, -1), (-1, 0.4), (1, 0.4))
PADDING_POINTS = 0.75
LEADER = "#6b7480"


def write_numbers(axes: "Axes", numbers: Mapping[int, tuple[float, float]], *, up: bool) -> int:
    """Write numbers beside their points, given in data units, where there is room, on the side `up` or down first.

    The figure must have been laid out and drawn once, and all else of `axes` must be in it. Crossing an interval or a
    bound is avoided, lying on a point or another number never happens: a number without room is left out.

    Returns:
        How many are left out.
    """
    pixels = axes.get_figure(root=True).dpi / 72  # type: ignore[union-attr]
    markers, lines = _drawn(axes)
    taken, frame = markers, np.asarray(axes.get_window_extent().extents, dtype=float)
    left_out = 0
    for number, place in numbers.items():
        at = np.asarray(axes.transData.transform(place), dtype=float)
        text = axes.annotate(
            str(number),
            place,
            xytext=(0, 0),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=FONT_POINTS,
        )
        size = np.asarray(text.get_window_extent().size, dtype=float) + 2 * PADDING_POINTS * pixels
        text.remove()
        offsets = _offsets(size, pixels, up=up)
        boxes = np.hstack((at + offsets - size / 2, at + offsets + size / 2))
        inside = (boxes[:, :2] >= frame[:2]).all(1) & (boxes[:, 2:] <= frame[2:]).all(1)
        free = inside & ~_touching(boxes, taken).any(1)
        if not free.any():
            left_out += 1
            continue
        gap = np.repeat(np.arange(len(GAPS_POINTS)), len(DIRECTIONS))
        cost = np.where(free, gap + _touching(boxes, lines).sum(1), np.inf)
        best = int(cost.argmin())
        axes.annotate(
            str(number),
            place,
            xytext=tuple(offsets[best] / pixels),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=FONT_POINTS,
            arrowprops={"arrowstyle": "-", "color": LEADER, "linewidth": 0.5, "shrinkA": 0} if gap[best] else None,
        )
        taken = np.vstack((taken, boxes[best]))
    return left_out


def _offsets(size: Boxes, pixels: float, *, up: bool) -> Boxes:
    """From a point to the centre of its number of `size` (2,), in pixels, (gaps x directions, 2)."""
    directions = np.array(DIRECTIONS, dtype=float) * (1, 1 if up else -1)
    reach = np.array(GAPS_POINTS)[:, None, None] * pixels + size / 2
    return (reach * directions).reshape(-1, 2)


def _touching(boxes: Boxes, others: Boxes) -> NDArray[np.bool_]:
    """Which boxes (n, 4) share a place with which others (m, 4), (n, m)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.asarray((low <= high).all(2))


def _drawn(axes: "Axes") -> tuple[Boxes, Boxes]:
    """Boxes of the markers, and of the lines: intervals and bounds."""
    pixels = axes.get_figure(root=True).dpi / 72  # type: ignore[union-attr]
    markers, lines = [np.empty((0, 4))], [np.empty((0, 4))]
    for line in axes.lines:
        places = line.get_transform().transform(line.get_xydata())
        if line.get_marker() == "None":
            lines.append(np.hstack((places.min(0), places.max(0)))[None])
        else:
            half = (line.get_markersize() + line.get_markeredgewidth()) * pixels / 2
            markers.append(np.hstack((places - half, places + half)))
    for collection in axes.collections:
        for segment in collection.get_segments():  # type: ignore[attr-defined]
            ends = axes.transData.transform(segment)
            lines.append(np.hstack((ends.min(0), ends.max(0)))[None])
    return np.vstack(markers), np.vstack(lines)
