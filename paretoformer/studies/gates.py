"""Bounds held against costs and scores: which are broken, by how much, and the sentence for the row."""

from collections.abc import Mapping

from paretoformer.records.costs import COSTS
from paretoformer.records.measurement import Measurement
from paretoformer.records.objective import Constraint
from paretoformer.records.trial import TrialState
from paretoformer.records.units import show
from paretoformer.studies.ending import Ended, Ending
from paretoformer.studies.front import Interval
from paretoformer.studies.spec import StudySpec


def counted_values(spec: StudySpec, counts: Mapping[str, int]) -> dict[Constraint, float]:
    """The value of each bound on a counted cost."""
    return {bound: float(counts[bound.name]) for bound in spec.constraints if bound.name in counts}


def measured_values(spec: StudySpec, costs: Mapping[tuple[str, str], Measurement]) -> dict[Constraint, float]:
    """The value of each bound on a cost of targets; the worst of its targets counts."""
    found = {}
    for bound in spec.constraints:
        if bound.name in COSTS and COSTS[bound.name].per_target:
            values = [costs[bound.name, str(target)].value for target in spec.targets_of(bound)]
            found[bound] = max(values) if bound.upper else min(values)
    return found


def scored_values(spec: StudySpec, scores: Mapping[str, Interval]) -> dict[Constraint, float]:
    """The value of each bound on a metric."""
    return {bound: scores[bound.name].value for bound in spec.constraints if bound.name in scores}


def gate(values: Mapping[Constraint, float], *, objectives: tuple[float, ...] = ()) -> dict[str, float]:
    """Violations of the bounds, none of them positive.

    Raises:
        Ended: a bound is broken; the trial is over its constraint, `objectives` (if any) are kept with it.
    """
    violations = {str(bound): bound.violation(value) for bound, value in values.items()}
    broken = [(bound, value) for bound, value in values.items() if bound.violation(value) > 0]
    if broken:
        reason = "; ".join(
            f"{bound.name} is {show(value, bound.unit)}, and {bound} is asked for" for bound, value in broken
        )
        raise Ended(Ending(state=TrialState.OVER_CONSTRAINT, reason=reason, values=objectives, violations=violations))
    return violations
