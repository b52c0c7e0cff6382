"""A front as a picture: the first objective against each other one."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from paretoformer.records.errors import UserError
from paretoformer.records.target import Target
from paretoformer.records.units import SCALES, show
from paretoformer.studies.front import Interval
from paretoformer.studies.numbering import write_numbers
from paretoformer.studies.points import FrontPoint
from paretoformer.studies.spec import Column, StudySpec
from paretoformer.studies.target_fronts import columns_on

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from paretoformer.studies.study import Study

SUFFIXES = (".png", ".svg")
MEMBER, DOMINATED, BOUND = "#1f5fa8", "#9aa3ad", "#b3402a"
PANEL_INCHES = (5.6, 4.4)
DOTS_PER_INCH = 160


def plot_front(study: "Study", file: Path, target: Target | None = None) -> int:
    """Draw a study's complete trials: members with their intervals and numbers, dominated ones faint, bounds as lines.

    With a target its front is drawn, to which the costs of others are nothing. One panel for each objective beyond the
    first, which lies on the vertical axis. A number that would lie on a point or on another number is left out.

    Returns:
        How many members have no number in a panel, at most.

    Raises:
        UserError: a suffix other than .png and .svg, a study with fewer than two objectives or no complete trial, or a
            file that cannot be written.
    """
    if file.suffix.lower() not in SUFFIXES:
        raise UserError(f"'{file}' is not a picture that can be drawn; endings: {', '.join(SUFFIXES)}.")
    columns = columns_on(study.spec, target)
    points, front = study.points(target=target), study.front(target=target)
    if len(columns) < 2:
        raise UserError(f"Study {study.name} has one objective, {columns[0]}; a picture needs two.")
    if not front:
        raise UserError(f"Study {study.name} has no complete trial to draw.")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = len(columns) - 1
    figure = Figure(figsize=(PANEL_INCHES[0] * panels, PANEL_INCHES[1]), dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    for index, axes in enumerate(figure.subplots(1, panels, squeeze=False)[0], start=1):
        _panel(axes, study, points, front, index)
    where = f" on {target}" if target and len(study.targets) > 1 else ""
    figure.suptitle(
        f"{study.name}: {len(front)} of {len(points)} complete trials are not dominated{where}", fontsize=11
    )
    left_out = _number(figure, study, points, front)
    try:
        figure.savefig(file, dpi=DOTS_PER_INCH)
    except OSError as error:
        raise UserError(f"'{file}' cannot be written: {error.strerror}.") from error
    return left_out


def _number(figure: "Figure", study: "Study", points: list[FrontPoint], front: list[FrontPoint]) -> int:
    """Number the members in each panel once its place is settled; how many found no room, at most."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    columns = points[0].columns
    up = not columns[0].minimise  # nothing lies on the better side of a member, so numbers stand there
    left_out = 0
    for across, axes in enumerate(figure.axes, start=1):
        factors = [_scale(columns[index], points, index)[1] for index in (across, 0)]
        places = {
            point.number: (point.values[across].value / factors[0], point.values[0].value / factors[1])
            for point in front
        }
        left_out = max(left_out, write_numbers(axes, places, up=up))
    return left_out


def _panel(axes: Any, study: "Study", points: list[FrontPoint], front: list[FrontPoint], across: int) -> None:
    x, y = points[0].columns[across], points[0].columns[0]
    factors = (_scale(x, points, across)[1], _scale(y, points, 0)[1])
    members = {point.number for point in front}
    rest = [point for point in points if point.number not in members]
    for group, colour, label in ((rest, DOMINATED, "dominated"), (front, MEMBER, "not dominated")):
        if not group:
            continue
        xs, ys = ([point.values[index] for point in group] for index in (across, 0))
        axes.errorbar(
            [value.value / factors[0] for value in xs],
            [value.value / factors[1] for value in ys],
            xerr=_reach(xs, factors[0]),
            yerr=_reach(ys, factors[1]),
            fmt="o",
            markersize=5,
            linewidth=0,
            elinewidth=1,
            color=colour,
            alpha=1.0 if colour == MEMBER else 0.45,
            label=label,
        )
    _bounds(axes, study, (x, y), factors)
    axes.set_xlabel(_label(study.spec, x, points, across), fontsize=9)
    axes.set_ylabel(_label(study.spec, y, points, 0), fontsize=9)
    axes.grid(alpha=0.25)
    axes.margins(0.08)
    axes.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderaxespad=0.2)


def _bounds(axes: Any, study: "Study", columns: tuple[Column, Column], factors: tuple[float, float]) -> None:
    for bound in study.spec.constraints:
        for column, factor, line in zip(columns, factors, (axes.axvline, axes.axhline), strict=True):
            if bound.name == column.name and bound.target in (None, column.target):
                drawn = f"{bound.name} {'<=' if bound.upper else '>='} {show(bound.bound, bound.unit)}"
                line(bound.bound / factor, color=BOUND, linestyle="--", linewidth=1, label=drawn)


def _reach(values: list[Interval], factor: float) -> list[list[float]]:
    below = [max(0.0, value.value - value.low) / factor for value in values]
    return [below, [max(0.0, value.high - value.value) / factor for value in values]]


def _label(spec: StudySpec, column: Column, points: list[FrontPoint], index: int) -> str:
    unit = _scale(column, points, index)[0]
    source = "validation" if spec.source(column) == "scored" else spec.source(column)
    where = f"\n{column.target}" if column.target else ""
    return f"{column.name}{f' ({unit})' if unit else ''}, {source}{where}"


def _scale(column: Column, points: list[FrontPoint], index: int) -> tuple[str, float]:
    """The unit that the largest value is shown in, and its size in the base unit."""
    largest = max(abs(point.values[index].value) for point in points)
    unit = show(largest, column.unit).partition(" ")[2]
    return (unit, SCALES[unit][1]) if unit in SCALES else (unit, 1.0)
