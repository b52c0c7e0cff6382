"""What is known of a space by counting alone: nothing is measured, nothing trained."""

from collections.abc import Sequence
from dataclasses import dataclass

from paretoformer.records.costs import COSTS
from paretoformer.studies.planning import Plan
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.survey import Sampled, Survey
from paretoformer.studies.telling import PLACES, told
from paretoformer.studies.verdicts import COUNTED, Verdict, activation_bytes, verdicts


@dataclass(frozen=True, kw_only=True)
class CostRange:
    """The least, middle and largest of a cost: over the sampled valid points, or measured at those of such MACs."""

    name: str
    unit: str
    provenance: str
    least: float
    middle: float
    most: float


@dataclass(frozen=True, kw_only=True)
class Counted:
    """`size` is None where a dimension takes any real number. Bounds on costs that are measured have no verdict."""

    space: str
    size: int | None
    survey: Survey
    costs: tuple[CostRange, ...]
    verdicts: tuple[Verdict, ...]


def counted(planned: Plan, found: Survey) -> Counted:
    """Ranges of counts, and what they say of bounds.

    Args:
        planned: the checked request.
        found: a survey of its space.

    Raises:
        UserError: memory runs out where activations are counted on real tensors.
    """
    spec = planned.spec
    return Counted(
        space=spec.space.name,
        size=spec.space.count(),
        survey=found,
        costs=tuple(counted_ranges(spec, found)),
        verdicts=verdicts(spec, found, ends(found), None, planned.task.constant_scores()),
    )


def ends(found: Survey) -> tuple[Sampled, Sampled, Sampled]:
    """The smallest, middle and largest sampled architecture by MACs."""
    return found.valid[0], found.valid[len(found.valid) // 2], found.valid[-1]


def counted_ranges(spec: StudySpec, found: Survey) -> list[CostRange]:
    """Ranges of what is counted; activations only where the study asks for them."""
    ranges = [range_of(name, "counted", [each.counts[name] for each in found.valid]) for name in COUNTED]
    if "activation_bytes" in spec.costs:
        with told(spec, PLACES[-1], "counted"):
            ranges.append(
                range_of("activation_bytes", "counted", [activation_bytes(spec, each) for each in ends(found)])
            )
    return ranges


def range_of(name: str, provenance: str, values: Sequence[float]) -> CostRange:
    """The range of a cost's values."""
    ordered = sorted(values)
    return CostRange(
        name=name,
        unit=COSTS[name].unit,
        provenance=provenance,
        least=ordered[0],
        middle=ordered[len(ordered) // 2],
        most=ordered[-1],
    )
