"""Predictors: what was chosen, how good it is beside baselines, what it says."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from paretoformer.cli.figures import percent
from paretoformer.hardware_models.predictors.fitting import Fitted, Prediction
from paretoformer.hardware_models.predictors.registry import predictor
from paretoformer.hardware_models.predictors.scores import Scores
from paretoformer.hardware_models.predictors.table_fit import HeldOutScores, TableFit, unbeaten
from paretoformer.hardware_models.predictors.table_predictor import TablePredictor
from paretoformer.records.measurement import Provenance
from paretoformer.records.units import show
from paretoformer.studies.prediction import EARNED, StudyPrediction

MOST_LINES = 12
"""Terms of a law that are shown."""


def print_fit(console: Console, found: TableFit) -> None:
    """The choice, what it was made among, and the law where it has terms."""
    for line in _basis(found):
        console.print(line)
    fitted = [*found.selection.tried, *found.baselines]
    console.print(scores_table([(each.name, each.scores) for each in fitted]))
    console.print(_why(found))
    if found.unbeaten:
        console.print(_fit_verdict(found))
    law = found.selection.chosen.law.lines()
    for line in law[:MOST_LINES]:
        console.print(f"  {line}")
    if len(law) > MOST_LINES:
        console.print(f"  and {len(law) - MOST_LINES} terms more")


def fit_json(found: TableFit) -> dict[str, Any]:
    """What `fit --json` prints."""
    return {
        "column": found.predictor.column,
        "unit": found.predictor.origin.unit,
        "source": found.predictor.origin.source,
        "provenance": str(Provenance.PREDICTED),
        "predictor": found.selection.chosen.name,
        "interval": _interval(found.selection.chosen),
        "tried": [_fitted_json(each) for each in found.selection.tried],
        "baselines": [_fitted_json(each) for each in found.baselines],
        "beats_baselines": not found.unbeaten,
        "verdict": _fit_verdict(found),
        "not_tried": found.selection.left_out,
        "features": [plan.name for plan in found.predictor.expansion.columns],
        "depth": list(found.predictor.expansion.depth),
        "columns_left_out": list(found.left_out),
    }


def print_scores(console: Console, found: Sequence[HeldOutScores]) -> None:
    """For each column the chosen predictor beside the baselines, and whether it beats them."""
    for place, each in enumerate(found):
        if place == 0:
            for line in _basis(each.fit):
                console.print(line)
        console.print(f"\n{each.column}: {each.chosen.rows} rows held out")
        rows = [(each.fit.selection.chosen.name, each.chosen), *each.baselines.items()]
        console.print(scores_table(rows))
        console.print(_why(each.fit))
        console.print(verdict(each))


def scores_json(each: HeldOutScores) -> dict[str, Any]:
    """One entry of what `score --json` prints."""
    return {
        "column": each.column,
        "provenance": str(Provenance.PREDICTED),
        "predictor": each.fit.selection.chosen.name,
        "scores": each.chosen.to_json(),
        "interval": _interval(each.fit.selection.chosen),
        "baselines": {name: scores.to_json() for name, scores in each.baselines.items()},
        "beats_baselines": not each.unbeaten,
        "verdict": verdict(each),
        "tried": [_fitted_json(fitted) for fitted in each.fit.selection.tried],
        "not_tried": each.fit.selection.left_out,
        "features": [plan.name for plan in each.fit.predictor.expansion.columns],
        "depth": list(each.fit.predictor.expansion.depth),
        "columns_left_out": list(each.fit.left_out),
    }


def verdict(each: HeldOutScores) -> str:
    """Whether the chosen predictor beats the baselines, in a sentence."""
    return _verdict(each.fit.selection.chosen.name, each.chosen, each.baselines)


def scores_table(rows: Sequence[tuple[str, Scores]]) -> Table:
    """A row for each predictor; a dash where a figure says nothing."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("predictor", "MAPE", "within 5 %", "within 10 %", "tau", "tau at equal depth", "in interval"):
        table.add_column(name, justify="left" if name == "predictor" else "right", no_wrap=True)
    for name, scores in rows:
        table.add_row(
            name,
            _percent(scores.mape),
            f"{scores.within_5:.1%}",
            f"{scores.within_10:.1%}",
            _tau(scores.tau),
            _tau(scores.tau_within_depth),
            "-" if scores.coverage is None else f"{scores.coverage:.1%}",
        )
    return table


def predictions_csv(predictor: TablePredictor, said: Prediction) -> Iterator[str]:
    """A line for each row, numbered from 1."""
    yield f"row,{predictor.column},low,high"
    for row, (value, low, high) in enumerate(zip(said.value, said.low, said.high, strict=True), 1):
        yield f"{row},{value:.6g},{low:.6g},{high:.6g}"


def predictions_json(predictor: TablePredictor, said: Prediction) -> dict[str, Any]:
    """What `apply --json` prints."""
    return {
        "column": predictor.column,
        "unit": predictor.origin.unit,
        "source": predictor.origin.source,
        "provenance": str(Provenance.PREDICTED),
        "predictor": predictor.fitted.name,
        "level": predictor.fitted.level,
        "predictions": [
            {"row": row, "value": float(value), "low": float(low), "high": float(high)}
            for row, (value, low, high) in enumerate(zip(said.value, said.low, said.high, strict=True), 1)
        ],
    }


def _basis(found: TableFit) -> Iterator[str]:
    """What the rows were understood to be."""
    expansion = found.predictor.expansion
    yield "features: " + ", ".join(f"{plan.name} ({plan.kind})" for plan in expansion.columns)
    depth = " + ".join(expansion.depth)
    yield (
        f"depth: by {depth}"
        if depth
        else "depth: no column tells it (--depth names one), so depth knows the median alone"
    )
    yield from found.left_out


def _why(found: TableFit) -> str:
    """Which predictor was chosen and why."""
    chosen, tried = found.selection.chosen, sorted(found.selection.tried, key=lambda each: each.scores.mape)
    others = ", ".join(f"{each.name} {_percent(each.scores.mape)}" for each in tried if each is not chosen)
    why = f"{chosen.name} ({predictor(chosen.name).title}) was chosen by the error on rows left out in turn: "
    why += f"{_percent(chosen.scores.mape)}" + (f", {others}" if others else "")
    factors = f"{chosen.low:.3f} to {chosen.high:.3f} times what it says"
    why += f". Its interval, {factors}, is meant to hold {chosen.level:.0%} of new rows."
    return " ".join([why, *(f"Not tried: {name}. {reason}" for name, reason in found.selection.left_out.items())])


def _fit_verdict(found: TableFit) -> str:
    chosen = found.selection.chosen
    return _verdict(chosen.name, chosen.scores, {each.name: each.scores for each in found.baselines})


def _verdict(name: str, chosen: Scores, baselines: Mapping[str, Scores]) -> str:
    not_beaten = unbeaten(chosen, baselines)
    if not not_beaten:
        return f"{name} beats the baselines {' and '.join(baselines)}: its error is smaller, its order no worse."
    said = []
    for baseline in not_beaten:
        scores = baselines[baseline]
        said.append(
            f"{baseline} (MAPE {_percent(scores.mape)} against {_percent(chosen.mape)}, "
            f"tau {_tau(scores.tau)} against {_tau(chosen.tau)})"
        )
    return f"{name} does not beat {' and '.join(said)} in both error and order."


def _fitted_json(fitted: Fitted) -> dict[str, Any]:
    return {"predictor": fitted.name, "scores": fitted.scores.to_json()}


def _interval(fitted: Fitted) -> dict[str, float]:
    return {"low": fitted.low, "high": fitted.high, "level": fitted.level}


def _percent(share: float) -> str:
    return percent(100 * share)


def _tau(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def print_study_prediction(console: Console, found: StudyPrediction) -> None:
    """How well a study's measured cost is predicted, which trials part company, and whether that is alarming."""
    how = "each trial from the others" if found.own else "from earlier measurements"
    console.print(
        f"{found.quantity}[{found.target}]: {found.scores.rows} trials, predicted by {found.predictor}, {how}"
    )
    if found.seen:
        console.print(f"{found.seen} more trials are left out: the predictor was fitted to them, and has seen them")
    console.print(scores_table([(found.predictor, found.scores)]))
    console.print(
        f"order of the trials that do not part: tau {_tau(found.tau)}, that of counted MACs {_tau(found.macs_tau)}"
    )
    for each in found.parted:
        measured, low, high = (show(value, found.unit) for value in (each.value, each.low, each.high))
        said, least, most = (show(v, found.unit) for v in (each.predicted, each.predicted_low, each.predicted_high))
        console.print(
            f"trial {each.trial}: measured {measured} ({low} to {high}), predicted {said} ({least} to {most})"
        )
    number = len(found.parted)
    if not found.earned:
        console.print(
            f"{found.predictor} has not earned a say: its tau must be {EARNED} and above that of MACs. "
            f"{number} trials part from it, which may be its own fault."
        )
    elif found.alarm:
        console.print(
            f"Alarm: predicted and measured part company in {number} of {found.scores.rows} trials, where "
            f"{found.bearable} may by chance; measure these again before trusting either."
        )
    else:
        console.print(
            f"Predicted and measured agree: {number} trials part company, and {found.bearable} may by chance."
        )
