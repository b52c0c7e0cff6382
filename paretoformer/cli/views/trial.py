"""One trial, whole."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from paretoformer.cli.figures import duration, with_error, with_interval
from paretoformer.cli.views.architecture import headings, stack_heading, stack_table
from paretoformer.cli.views.measurements import condition_lines, measurement_json, measurement_table
from paretoformer.cli.views.request_line import search_command
from paretoformer.cli.views.studies import moment
from paretoformer.evaluators.examples import Split
from paretoformer.records.measurement import Measurement
from paretoformer.records.trial import Score, TrialState
from paretoformer.records.units import show
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.store.rows import TrialRow
from paretoformer.studies.frames import first_line
from paretoformer.studies.joules import UNKNOWN
from paretoformer.studies.points import FrontPoint
from paretoformer.studies.study import Study


def trial_json(study: Study, trial: TrialRow) -> dict[str, Any]:
    """Everything that is stored of it."""
    point, architecture = _point(study, trial), _architecture(study, trial)
    return {
        "study": study.name,
        "trial": trial.number,
        "state": str(trial.state),
        "reason": trial.reason,
        "genes": trial.point,
        "architecture": architecture.to_json() if architecture else None,
        "digest": trial.architecture,
        "counts": _counts(study, trial),
        "objectives": point.to_json()["objectives"] if point else {},
        "violations": trial.violations,
        "measurements": [measurement_json(each, study.spec.signature) for each in _measurements(study, trial)],
        "scores": [{"replicate": replicate, **asdict(score)} for replicate, score in _scores(study, trial)],
        "seconds": trial.seconds,
        "joules": trial.joules,
        "run": study.runs[trial.run].key if trial.run is not None else None,
        "runs": [run.key for run in study.replicates(trial.run)] if trial.run is not None else [],
        "command": search_command(study.name, study.spec, trial.number),
    }


def print_trial(console: Console, study: Study, trial: TrialRow) -> None:
    """State, architecture, counts, objectives, measurements, scores, and the command."""
    for line in _state_lines(trial):
        console.print(line)
    architecture = _architecture(study, trial)
    if architecture:
        for line in headings(architecture):
            console.print(f"\n{line}")
        for stack in architecture.stacks:
            console.print(stack_heading(stack))
            console.print(stack_table(stack))
    counts = ", ".join(f"{name} {show(number, '')}" for name, number in _counts(study, trial).items())
    if counts:
        console.print(f"\ncounted: {counts}")
    for line in _objective_lines(study, trial):
        console.print(line)
    measurements = _measurements(study, trial)
    if measurements:
        console.print("\nmeasurements")
        console.print(measurement_table(measurements, study.spec.signature))
        for line in condition_lines(measurements):
            console.print(line)
    scores = _scores(study, trial)
    if scores:
        console.print("\nscores, with 95 % intervals")
        console.print(_score_table(study, scores))
    console.print(f"\nproposed by: {search_command(study.name, study.spec, trial.number)}", soft_wrap=True)


def _state_lines(trial: TrialRow) -> Iterator[str]:
    yield f"trial {trial.number}: {trial.state}"
    if trial.reason:
        yield f"  {first_line(trial.reason)}" if trial.state is not TrialState.FAILED else f"  {trial.reason}"
    ended = f", ended {moment(trial.ended)}" if trial.ended is not None else ""
    yield f"  started {moment(trial.started)}{ended}"
    if trial.seconds:
        yield f"  spent {', '.join(f'{duration(seconds)} {kind}' for kind, seconds in trial.seconds.items())}"
    if trial.joules:
        yield f"  energy of the device that trained: {', '.join(_joules(kind, told) for kind, told in trial.joules.items())}"
    for bound, violation in trial.violations.items():
        yield f"  {bound}: {'holds' if violation <= 0 else f'broken by {violation:.1%}'}"


def _joules(kind: str, told: Any) -> str:
    return f"unknown: {told}" if kind == UNKNOWN else f"{show(told, 'J')} {kind}"


def _objective_lines(study: Study, trial: TrialRow) -> Iterator[str]:
    point = _point(study, trial)
    if point is None:
        return
    for column, value, source in zip(point.columns, point.values, point.provenance, strict=True):
        shown = with_interval(value.value, value.low, value.high, column.unit)
        if value.error is not None:
            shown = f"{with_error(value.value, value.error, value.runs, column.unit)}, 95 % interval {shown}"
        yield f"objective {column}: {shown} ({source})"


def _score_table(study: Study, scores: list[tuple[int, Score]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    several = study.spec.replicates > 1
    if several:
        table.add_column("replicate", justify="right", no_wrap=True)
    for name in ("split", "rung", "examples", "metric", "value", "after"):
        table.add_column(name, justify="left" if name in ("split", "metric") else "right", no_wrap=True)
    for replicate, score in scores:
        unit = study.spec.metric_units[score.metric]
        table.add_row(
            *([str(replicate)] if several else []),
            score.split,
            str(score.rung),
            f"{score.examples:,}" if score.examples else "-",
            score.metric,
            with_interval(score.value, score.low, score.high, unit),
            duration(score.seconds) if score.seconds else "-",
        )
    return table


def _point(study: Study, trial: TrialRow) -> FrontPoint | None:
    return next((point for point in study.points() if point.number == trial.number), None)


def _architecture(study: Study, trial: TrialRow) -> Architecture | None:
    spec = study.store.architectures.get(trial.architecture) if trial.architecture else None
    return Architecture.from_json(spec) if spec else None


def _counts(study: Study, trial: TrialRow) -> dict[str, int]:
    if trial.architecture is None:
        return {}
    return study.store.models.counts(trial.architecture, study.spec.signature.digest) or {}


def _measurements(study: Study, trial: TrialRow) -> list[Measurement]:
    rows = study.store.reads.measurements(study.row.id, study.spec.signature.digest)
    newest = {(r.measurement.quantity, r.measurement.target): r for r in rows if r.architecture == trial.architecture}
    return [row.measurement for row in newest.values()]


def _scores(study: Study, trial: TrialRow) -> list[tuple[int, Score]]:
    """Scores with the number of their replicate."""
    runs = study.replicates(trial.run) if trial.run is not None else []
    found = [(replicate, score) for replicate, run in enumerate(runs) for score in study.scores.get(run.id, [])]
    splits = [split.value for split in Split]
    return sorted(found, key=lambda each: (splits.index(each[1].split), each[0], each[1].rung, each[1].metric))
