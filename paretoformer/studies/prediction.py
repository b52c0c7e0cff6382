"""Whether a study's measured costs are what one would predict, and which trials part company."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from paretoformer.hardware_models.predictors.fitting import Prediction, predict_left_out
from paretoformer.hardware_models.predictors.registry import predictor
from paretoformer.hardware_models.predictors.scores import Scores, kendall, score
from paretoformer.hardware_models.predictors.table_fit import FEWEST_ROWS, TableRequest, fit_table
from paretoformer.hardware_models.predictors.table_predictor import TablePredictor
from paretoformer.hardware_models.tables.architectures import architecture_frame
from paretoformer.hardware_models.tables.features import Floats
from paretoformer.records.errors import UserError
from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.studies.study import Study

if TYPE_CHECKING:
    import pandas as pd

PARTED = 3.0
"""Robust standard deviations of log(measured / predicted) from their median beyond which a trial parts company."""
LEAST_DEVIATION = 0.01
"""No deviation counts as smaller: measurements themselves repeat to about a per cent."""
EARNED = 0.9
"""Kendall tau from which a predictor that also beats counted MACs is trusted to raise an alarm."""
FEWEST_TRUSTED = 5
"""Trials that do not part, below which their order says nothing."""
RARE = 0.99
"""Quantile of the number of trials that leave their intervals by chance; more raise the alarm."""


@dataclass(frozen=True, kw_only=True)
class PartedTrial:
    """A trial whose measured interval (`low` to `high`) lies outside the predicted one."""

    trial: int
    value: float
    low: float
    high: float
    predicted: float
    predicted_low: float
    predicted_high: float


@dataclass(frozen=True, kw_only=True)
class StudyPrediction:
    """One measured cost of a study on one target, and what a predictor says of it.

    `tau` is how the predictor orders the trials that do not part from it, or the rows that it was fitted by where hardly any
    are left, and `macs_tau` how counted MACs order the same: trials in doubt do not decide whether the doubt counts.
    `seen` trials are left out, which the predictor was fitted to. `bearable` is how many may part by chance before `alarm`
    is raised.
    """

    quantity: str
    target: str
    unit: str
    predictor: str
    own: bool
    scores: Scores
    tau: float | None
    macs_tau: float | None
    parted: tuple[PartedTrial, ...]
    bearable: int
    seen: int = 0

    @property
    def earned(self) -> bool:
        """Whether the predictor orders the trials well enough, and better than MACs do, for its doubts to count."""
        tau = self.tau or 0.0
        return tau >= EARNED and tau > (self.macs_tau or 0.0)

    @property
    def alarm(self) -> bool:
        """Whether predicted and measured part company."""
        return self.earned and len(self.parted) > self.bearable

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self) | {
            "earned": self.earned,
            "alarm": self.alarm,
            "provenance": str(Provenance.PREDICTED),
            "parted": [asdict(each) for each in self.parted],
        }


def study_predictions(study: Study, by: TablePredictor | None = None) -> list[StudyPrediction]:
    """Each measured cost of a study's objectives beside a predictor.

    Args:
        study: the study.
        by: a predictor fitted to stored measurements before; without one each trial is predicted from the others.

    Raises:
        UserError: no objective is measured, `by` predicts none of them or was fitted to all the trials, or too few are measured.
    """
    measured = [c for c in study.spec.columns if c.target and study.spec.source(c) == str(Provenance.MEASURED)]
    if not measured:
        raise UserError(
            f"Study {study.name} has no measured objective; what is counted or modelled needs no prediction."
        )
    wanted = [column for column in measured if by is None or column.name == by.column]
    if by is not None and not wanted:
        costs = ", ".join(dict.fromkeys(column.name for column in measured))
        raise UserError(f"The predictor is of {by.column}, and the study's measured objectives are {costs}.")
    return [_predicted(study, column.name, str(column.target), column.unit, by) for column in wanted]


def _predicted(study: Study, quantity: str, target: str, unit: str, by: TablePredictor | None) -> StudyPrediction:
    trials, frame, measurements = _rows(study, quantity, target)
    fewest = 1 if by is not None else FEWEST_ROWS
    if len(trials) < fewest:
        raise UserError(
            f"Study {study.name} has {len(trials)} trials with a measured {quantity} on {target}; {fewest} are needed."
        )
    values = np.array([each.value for each in measurements])
    seen = np.zeros(len(trials), dtype=np.bool_) if by is None else by.has_seen(frame, values)
    if by is not None and seen.all():
        raise UserError(
            f"The predictor was fitted to all {len(trials)} trials of study {study.name} with a measured {quantity} on {target} "
            f"(from {by.origin.source}), so that it has seen each that it would be judged by; without --by each is "
            "predicted from the others."
        )
    new = np.flatnonzero(~seen)
    trials, measurements = [trials[row] for row in new], [measurements[row] for row in new]
    frame, values = frame.iloc[new].reset_index(drop=True), values[new]
    if by is None:
        name, said, depth = _from_the_others(frame, quantity, values)
        bearable = 0
    else:
        name, said, depth = by.fitted.name, by.predict(frame), by.features(frame).depth
        bearable = _by_chance(len(trials), 1 - by.fitted.level)
    parted = tuple(_parted(trials, measurements, said))
    apart = {each.trial for each in parted}
    rest = np.array([row for row, trial in enumerate(trials) if trial not in apart], dtype=np.intp)
    few = len(rest) < FEWEST_TRUSTED
    macs = np.array(frame["macs"], dtype=np.float64) if "macs" in frame and not few else None
    own_tau = by.fitted.scores.tau if by is not None else None
    return StudyPrediction(
        quantity=quantity,
        target=target,
        unit=unit,
        predictor=name,
        own=by is None,
        scores=score(said.value, values, depth, said.holds(values)),
        tau=own_tau if few else kendall(said.value[rest], values[rest]),
        macs_tau=None if macs is None else kendall(macs[rest], values[rest]),
        parted=parted,
        bearable=bearable,
        seen=int(seen.sum()),
    )


def _rows(study: Study, quantity: str, target: str) -> tuple[list[int], "pd.DataFrame", list[Measurement]]:
    """Numbers of the trials with a measurement, a row for each, and the measurements; each architecture once."""
    specs = study.store.reads.architectures(study.row.id)
    counts = study.store.reads.counts(study.row.id, study.spec.signature.digest)
    found = {
        trial.architecture: trial.number
        for trial in reversed(study.trials)
        if trial.architecture is not None and (quantity, target) in study.costs.get(trial.architecture, {})
    }
    digests = sorted(found, key=lambda digest: found[digest])
    frame = architecture_frame(
        [Architecture.from_json(specs[digest]) for digest in digests], [counts.get(digest, {}) for digest in digests]
    )
    return [found[digest] for digest in digests], frame, [study.costs[digest][quantity, target] for digest in digests]


def _from_the_others(frame: "pd.DataFrame", quantity: str, values: Floats) -> tuple[str, Prediction, Floats | None]:
    """Each row as laws without it predict it, with an interval of so many robust deviations around the usual ratio."""
    rows = frame.assign(**{quantity: values})
    fitted = fit_table(rows, quantity, TableRequest()).predictor
    features = fitted.features(rows)
    said = predict_left_out(predictor(fitted.fitted.name)(), features, values, fitted.seed)
    ratios = np.log(values / said)
    middle = float(np.median(ratios))
    deviation = max(1.4826 * float(np.median(np.abs(ratios - middle))), LEAST_DEVIATION)
    low, high = (said * np.exp(middle + side * PARTED * deviation) for side in (-1, 1))
    return fitted.fitted.name, Prediction(value=said, low=low, high=high), features.depth


def _parted(trials: Sequence[int], measurements: Sequence[Measurement], said: Prediction) -> list[PartedTrial]:
    rows = zip(trials, measurements, said.value, said.low, said.high, strict=True)
    return [
        PartedTrial(
            trial=trial,
            value=measured.value,
            low=measured.low,
            high=measured.high,
            predicted=float(value),
            predicted_low=float(low),
            predicted_high=float(high),
        )
        for trial, measured, value, low, high in rows
        if measured.high < low or measured.low > high
    ]


def _by_chance(trials: int, share: float) -> int:
    """How many of so many trials leave intervals that a share leaves, but rarely more."""
    from scipy.stats import binom

    return int(binom.ppf(RARE, trials, share))
