"""Fronts as tables and as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from paretoformer.cli.figures import percent, repeated, with_interval
from paretoformer.cli.views.account import account_line
from paretoformer.evaluators.examples import Split
from paretoformer.records.costs import COSTS
from paretoformer.records.target import Target
from paretoformer.records.units import show
from paretoformer.studies.account import account
from paretoformer.studies.borrowing import Borrowing, borrowings
from paretoformer.studies.closing import Closing
from paretoformer.studies.front import Interval
from paretoformer.studies.points import FrontPoint
from paretoformer.studies.spec import Column, StudySpec
from paretoformer.studies.study import Study
from paretoformer.studies.target_fronts import columns_on

BOTH = (Split.VALIDATION, Split.TEST)
TIE, NOISY = "~", "!"
MARKS = {
    TIE: "tie: another member has better medians, but no objective is separated by its interval",
    NOISY: "noisy: the visits or clocks of a measurement disagree",
}


def front_json(study: Study, split: Split = Split.VALIDATION, target: Target | None = None) -> dict[str, Any]:
    """`{"study", "objectives", "points", "fronts": {target: points}}` with what the points are measured against.

    Objectives, points and hypervolume are those of `target`, of all targets where it is None.
    """
    return {
        "study": study.name,
        "objectives": [str(column) for column in columns_on(study.spec, target)],
        "split": split.value,
        "target": None if target is None else str(target),
        "points": [point.to_json() for point in study.front(split, target)],
        "hypervolume": study.hypervolume(target),
        "reference": list(study.reference(target) or ()),
        "fronts": {str(each): [point.to_json() for point in front] for each, front in study.fronts(split).items()},
        "account": account(study).to_json(),
        "borrowings": [each.to_json() for each in borrowings(study)],
    }


def print_fronts(console: Console, study: Study, splits: Sequence[Split] = BOTH) -> None:
    """The front, of a study with several targets that of each; what using one's choice on another costs."""
    if len(study.targets) < 2 or not study.front():
        print_front(console, study, splits)
        return
    for target, members in study.fronts().items():
        console.print(f"on {target}: {len(members)} {_members(members)}, {_volume(study, target)}")
        console.print(_table(study, target, splits))
        console.print()
    for line in (*legend_of_all(study), *_marks(study)):
        console.print(line)
    for borrowing in borrowings(study):
        console.print(borrowing_line(borrowing, study.targets))
    together = f"{len(study.front())} of {len(study.points())} complete trials, hypervolume {study.hypervolume():.4g}"
    console.print(f"all targets together (--on all): {together}")
    _print_end(console, study)


def print_front(console: Console, study: Study, splits: Sequence[Split] = BOTH, target: Target | None = None) -> None:
    """One front as a table, where its figures come from, and the hypervolume; one sentence where there is none yet."""
    members = study.front(target=target)
    if not members:
        console.print(_none_complete(study))
        return
    console.print(_table(study, target, splits))
    for line in (*legend(study.spec, columns_on(study.spec, target), members), *_marks(study, members)):
        console.print(line)
    console.print(f"{len(members)} of {len(study.points())} complete trials; {_volume(study, target)}")
    _print_end(console, study)


def _print_end(console: Console, study: Study) -> None:
    """Which figures could not be measured anew, which broke a bound, and what the front has cost."""
    for kept in Closing.from_json(study.row.closing).kept:
        console.print(kept.sentence)
    for sentence in _beyond(study):
        console.print(sentence)
    console.print(account_line(account(study)))


def _beyond(study: Study) -> Iterator[str]:
    """Members that broke a bound when they were measured anew; their trials were within it, and stay complete."""
    for bound in study.spec.constraints:
        for target in study.spec.targets_of(bound) if bound.name in COSTS and COSTS[bound.name].per_target else ():
            for point in study.members():
                value = point.cost(bound.name, target)
                if value is not None and bound.violation(value) > 0:
                    yield f"trial {point.number} has {bound.name} {show(value, bound.unit)} on {target}, beyond {bound}"


def legend(
    spec: StudySpec, columns: Sequence[Column], members: Sequence[FrontPoint], *, placed: bool = True
) -> Iterator[str]:
    """Where the figures of each column come from, and, where `placed`, on which target."""
    several = (
        f"mean ± standard error of {spec.replicates} runs; the front is told by 95 % intervals over runs and examples"
    )
    scored = several if spec.replicates > 1 else "95 % interval of the score"
    for column in columns:
        source = spec.source(column)
        name = headline(columns, column).replace("\n", " ")
        where = f" on {column.target}" if column.target and placed else ""
        yield f"{name}: {scored if source == 'scored' else source}{where}{_anew(column, members)}"


def _anew(column: Column, members: Sequence[FrontPoint]) -> str:
    """Which members were measured anew at the end of the study."""
    others = [point.number for point in members if column not in point.remeasured_columns]
    if len(others) == len(members):
        return ""
    return f", anew at the end{f' but for {_trials(others)}' if others else ''}"


def _trials(numbers: Sequence[int]) -> str:
    return f"trial{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def legend_of_all(study: Study) -> Sequence[str]:
    """One legend for all targets; where their figures come from different sources, with the target of each."""
    fronts = [(columns_on(study.spec, target), front) for target, front in study.fronts().items()]
    legends = [tuple(legend(study.spec, columns, front, placed=False)) for columns, front in fronts]
    if len(set(legends)) == 1:
        return legends[0]
    return tuple(dict.fromkeys(line for columns, front in fronts for line in legend(study.spec, columns, front)))


def headline(columns: Sequence[Column], column: Column) -> str:
    """A column's name, with the part of its target that tells it from the others of that name."""
    targets = [each.target for each in columns if each.target and each.name == column.name]
    if not column.target or len(targets) < 2:
        return column.name
    return f"{column.name}\n{short(column.target, targets)}"


def short(target: Target, among: Sequence[Target]) -> str:
    """The fields of a target that tell it from the others."""
    texts = [str(each).split(":") for each in among]
    differing = [index for index in range(5) if len({parts[index] for parts in texts}) > 1]
    mine = str(target).split(":")
    return " ".join(mine[index] for index in differing)


def borrowing_line(each: Borrowing, targets: Sequence[Target]) -> str:
    """What using one target's choice on another costs, in a line."""
    of, on = short(each.of, targets), short(each.on, targets)
    kept = "an unknown share" if each.kept is None else f"{100 * each.kept:.3g} %"
    costs = ", ".join(_surplus(name, more, each) for name, more in each.more.items())
    return f"{of}'s front used on {on}: {kept} of the hypervolume; its knee, trial {each.knee}: {costs}"


def _none_complete(study: Study) -> str:
    """How the trials ended where there is no front, and where the reason of one stands."""
    ended = [trial for trial in study.trials if trial.state.ended]
    if len(ended) < len(study.trials) or not ended:
        return f"Study {study.name}: no trial of its {len(study.trials)} is complete yet."
    states = Counter(str(trial.state) for trial in ended)
    counts = ", ".join(f"{count} {state}" for state, count in states.items())
    return (
        f"Study {study.name}: no trial of its {len(ended)} is complete, {counts}; "
        f"paretoformer show {study.name} {ended[-1].number} says why."
    )


def _surplus(name: str, more: float, each: Borrowing) -> str:
    other = each.instead[name]
    if other == each.knee:
        return f"the least {name} of those that score as well"
    return f"{percent(100 * more)} more {name} than trial {other}, the least of those that score as well"


def _members(members: Sequence[FrontPoint]) -> str:
    return "member" if len(members) == 1 else "members"


def _volume(study: Study, target: Target | None) -> str:
    reference = study.reference(target)
    if reference is None:
        return "no reference point, hence no hypervolume"
    pairs = zip(reference, columns_on(study.spec, target), strict=True)
    told = ", ".join(show(abs(value), column.unit) for value, column in pairs)
    return f"hypervolume {study.hypervolume(target):.4g} against ({told})"


def _marks(study: Study, members: Sequence[FrontPoint] | None = None) -> Iterator[str]:
    """What the marks mean that occur among `members`, of all targets' fronts unless given."""
    fronts = [members] if members is not None else list(study.fronts().values())
    marks = {mark for front in fronts for point in front for mark in _marked(point)}
    yield from (f"{mark} {meaning}" for mark, meaning in MARKS.items() if mark in marks)


def _marked(point: FrontPoint) -> str:
    return f"{TIE if point.tied else ''}{NOISY if point.noisy else ''}"


def _table(study: Study, target: Target | None, splits: Sequence[Split]) -> Table:
    spec, columns = study.spec, columns_on(study.spec, target)
    fronts = {split: study.front(split, target) for split in splits}
    shown = {split: {point.number: point for point in points} for split, points in fronts.items() if points}
    members = study.front(target=target)
    marked = any(_marked(point) for point in members)
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("trial", justify="right", no_wrap=True)
    if marked:
        table.add_column("", no_wrap=True)
    for column in columns:
        if spec.source(column) == "scored":
            for split in shown:
                table.add_column(f"{column.name}\n{split.value}", justify="right", no_wrap=True)
        else:
            table.add_column(headline(columns, column), justify="right", no_wrap=True)
    if "params" not in [column.name for column in columns]:
        table.add_column("params", justify="right", no_wrap=True)
    table.add_column("mixers", overflow="fold")
    for point in members:
        marks = [_marked(point)] if marked else []
        table.add_row(str(point.number), *marks, *_cells(spec, point, shown))
    return table


def _cells(spec: StudySpec, point: FrontPoint, shown: dict[Split, dict[int, FrontPoint]]) -> Iterator[str]:
    for index, column in enumerate(point.columns):
        if spec.source(column) == "scored":
            members = [points.get(point.number) for points in shown.values()]
            yield from (_cell(column, member.values[index]) if member else "-" for member in members)
        else:
            yield _cell(column, point.values[index])
    if "params" not in [column.name for column in point.columns]:
        yield show(point.counts["params"], "")
    yield repeated(point.architecture.mixers())


def _cell(column: Column, value: Interval) -> str:
    if value.error is not None:  # how many runs is said below the table, where there is room
        return with_interval(value.value, value.value - value.error, value.value + value.error, column.unit)
    return with_interval(value.value, value.low, value.high, column.unit)
