"""Replicates: a trial trained several times by different seeds, and what its scores come to together."""

import math
import statistics
from collections.abc import Sequence

from paretoformer.records.canonical import digest
from paretoformer.records.trial import Score
from paretoformer.studies.front import Interval
from paretoformer.studies.seeds import training_seed

MOST_REPLICATES = 1000
"""More are a slip of the keyboard."""


def replicate_key(first: str, study_seed: int, replicate: int) -> str:
    """The key of a replicate's run, from that of the trial's first, which is a run like those of studies without replicates."""
    return digest([first, training_seed(study_seed, replicate)]) if replicate else first


def over_replicates(scores: Sequence[Sequence[Score]]) -> dict[str, Interval]:
    """By metric, what the scores of a trial's replicates come to; one sequence for each replicate.

    Of one run: its score with the bootstrap's interval, which covers the choice of examples alone. Of K >= 2 runs: the mean,
    and an interval that covers the choice of seeds and of examples. The two half-widths add as independent errors do, by the
    root of the sum of squares: t(0.975, K - 1) times the standard error over runs, and the mean of the bootstraps'
    half-widths. The latter is not divided by the root of K, since all runs are scored on the same examples; so the interval is
    never narrower than what examples alone say, and rather too wide than too narrow.
    """
    by_metric: dict[str, list[Score]] = {}
    for score in (score for each in scores for score in each):
        by_metric.setdefault(score.metric, []).append(score)
    return {metric: _together(found) for metric, found in by_metric.items()}


def _together(scores: Sequence[Score]) -> Interval:
    runs, mean = len(scores), statistics.fmean(score.value for score in scores)
    below = mean - statistics.fmean(score.low for score in scores)
    above = statistics.fmean(score.high for score in scores) - mean
    if runs == 1:
        return Interval(value=scores[0].value, low=scores[0].low, high=scores[0].high)
    error = statistics.stdev(score.value for score in scores) / math.sqrt(runs)
    seeds = _t_quantile(runs - 1) * error
    return Interval(
        value=mean, low=mean - math.hypot(seeds, below), high=mean + math.hypot(seeds, above), runs=runs, error=error
    )


def _t_quantile(freedom: int) -> float:
    """The 0.975 quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))
