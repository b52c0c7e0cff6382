"""A front as a table and as JSON."""

from typing import Any

from rich.console import Console
from rich.table import Table

from paretoformer.cli.figures import repeated, with_interval
from paretoformer.evaluators.examples import Split
from paretoformer.records.units import show
from paretoformer.studies.front import Interval
from paretoformer.studies.points import FrontPoint
from paretoformer.studies.spec import Column, StudySpec
from paretoformer.studies.study import Study


def front_json(study: Study, split: Split = Split.VALIDATION) -> dict[str, Any]:
    """`{"study", "objectives", "points": [...]}` with what the points are measured against."""
    return {
        "study": study.name,
        "objectives": [str(column) for column in study.spec.columns],
        "split": split.value,
        "points": [point.to_json() for point in study.front(split)],
        "hypervolume": study.hypervolume(),
        "reference": list(study.row.reference or ()),
    }


def print_front(console: Console, study: Study, splits: tuple[Split, ...] = (Split.VALIDATION, Split.TEST)) -> None:
    """The table, where its figures come from, and the hypervolume; one sentence where there is no front yet."""
    fronts = {split: study.front(split) for split in splits}
    members = max(fronts.values(), key=len)
    if not members:
        console.print(f"Study {study.name}: no trial of its {len(study.trials)} is complete yet.")
        return
    shown = {split: {point.number: point for point in points} for split, points in fronts.items() if points}
    console.print(_table(study.spec, members, shown))
    for line in legend(study.spec):
        console.print(line)
    if any(point.tied for point in members):
        console.print("tie: another point has better medians, but no objective is separated by its interval")
    if any(point.noisy for point in members):
        console.print("noisy: the visits or clocks of a measurement disagree")
    number = len(study.points())
    console.print(f"{len(members)} of {number} complete trials; {_volume(study)}")


def _volume(study: Study) -> str:
    if study.row.reference is None:
        return "no reference point, hence no hypervolume"
    pairs = zip(study.row.reference, study.spec.columns, strict=True)
    reference = ", ".join(show(abs(value), column.unit) for value, column in pairs)
    return f"hypervolume {study.hypervolume():.4g} against ({reference})"


def legend(spec: StudySpec) -> list[str]:
    """Where the figures of each column come from."""
    lines = []
    several = (
        f"mean ± standard error of {spec.replicates} runs; the front is told by 95 % intervals over runs and examples"
    )
    scored = several if spec.replicates > 1 else "95 % interval of the score"
    for column in spec.columns:
        source = spec.source(column)
        name = headline(spec, column).replace("\n", " ")
        where = f" on {column.target}" if column.target else ""
        lines.append(f"{name}: {scored if source == 'scored' else source}{where}")
    return lines


def headline(spec: StudySpec, column: Column) -> str:
    """A column's name, with the part of its target that tells it from the study's other targets."""
    others = [each.target for each in spec.columns if each.target and each.name == column.name]
    if not column.target or len(others) < 2:
        return column.name
    texts = [str(target).split(":") for target in others]
    differing = [index for index in range(5) if len({parts[index] for parts in texts}) > 1]
    mine = str(column.target).split(":")
    return f"{column.name}\n{' '.join(mine[index] for index in differing)}"


def _table(spec: StudySpec, members: list[FrontPoint], shown: dict[Split, dict[int, FrontPoint]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("trial", justify="right", no_wrap=True)
    for column in spec.columns:
        if spec.source(column) == "scored":
            for split in shown:
                table.add_column(f"{column.name}\n{split.value}", justify="right", no_wrap=True)
        else:
            table.add_column(headline(spec, column), justify="right", no_wrap=True)
    if "params" not in [column.name for column in spec.columns]:
        table.add_column("params", justify="right", no_wrap=True)
    table.add_column("mixers", overflow="fold")
    if any(point.tied or point.noisy for point in members):
        table.add_column("notes")
    for point in members:
        table.add_row(*_row(spec, point, shown, notes=len(table.columns)))
    return table


def _row(spec: StudySpec, point: FrontPoint, shown: dict[Split, dict[int, FrontPoint]], notes: int) -> list[str]:
    cells = [str(point.number)]
    for index, column in enumerate(spec.columns):
        if spec.source(column) == "scored":
            members = [points.get(point.number) for points in shown.values()]
            cells += [_cell(column, member.values[index]) if member else "-" for member in members]
        else:
            cells.append(_cell(column, point.values[index]))
    if "params" not in [column.name for column in spec.columns]:
        cells.append(show(point.counts["params"], ""))
    cells.append(repeated(point.architecture.mixers()))
    marks = [word for word, holds in (("tie", point.tied), ("noisy", point.noisy)) if holds]
    return [*cells, ", ".join(marks)] if len(cells) < notes else cells


def _cell(column: Column, value: Interval) -> str:
    if value.error is not None:  # how many runs is said below the table, where there is room
        return with_interval(value.value, value.value - value.error, value.value + value.error, column.unit)
    return with_interval(value.value, value.low, value.high, column.unit)
