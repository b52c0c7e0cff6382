"""Whether bounds can be met, as far as a survey and a few measurements tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from paretoformer.records.costs import COSTS
from paretoformer.records.objective import Constraint
from paretoformer.records.units import show
from paretoformer.search_spaces.activations import peak_activation_bytes
from paretoformer.studies.measurer import Costs
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.survey import Sampled, Survey, extreme

COUNTED = ("params", "non_embedding_params", "macs", "state_bytes")
MARGIN = 2.0
"""How far beyond what a few architectures were measured to have a bound may lie: others of the space may reach it."""


class Outlook(StrEnum):
    """What is known of a bound before a search; `UNMEETABLE` ends it before it begins."""

    MEETABLE = "can be met"
    UNLIKELY = "is unlikely to be met"
    UNMEETABLE = "cannot be met"
    OPEN = "shows in training only"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The outlook of a bound, and the figures that it rests on."""

    constraint: Constraint
    outlook: Outlook
    figures: str

    def __str__(self) -> str:
        return f"{self.constraint} {self.outlook}: {self.figures}"

    @property
    def possible(self) -> bool:
        """Whether a search may go ahead."""
        return self.outlook is not Outlook.UNMEETABLE


def counted_verdicts(spec: StudySpec, found: Survey) -> tuple[Verdict, ...]:
    """What is known of bounds on counts, for which nothing needs to be measured."""
    bounds = (bound for bound in spec.constraints if bound.name in COUNTED)
    return tuple(_counted(spec, found, bound) for bound in bounds)


def verdicts(
    spec: StudySpec,
    found: Survey,
    looked_at: Sequence[Sampled],
    measured: Sequence[Costs] | None,
    constant: Mapping[str, float],
) -> tuple[Verdict, ...]:
    """What is known of each bound; where nothing was measured, of those that need no measurement.

    Args:
        spec: names the bounds.
        found: a survey of its space.
        looked_at: the points of it that were measured.
        measured: their costs, None where they were not.
        constant: by metric, the score of the best answer that ignores the input.
    """

    def verdict(bound: Constraint) -> Verdict:
        if bound.name not in COSTS:
            figures = f"a constant answer has {show(constant[bound.name], '')}"
            return Verdict(constraint=bound, outlook=Outlook.OPEN, figures=figures)
        if bound.name in COUNTED:
            return _counted(spec, found, bound)
        if bound.name == "activation_bytes":
            return _of_a_few(bound, [float(activation_bytes(spec, each)) for each in looked_at])
        assert measured is not None, "bounds on measured costs have been left out"
        worst = max if bound.upper else min
        targets = [str(target) for target in spec.targets_of(bound)]
        return _of_a_few(bound, [worst(costs[bound.name, target].value for target in targets) for costs in measured])

    targeted = {name for name, _ in spec.target_costs}
    return tuple(verdict(bound) for bound in spec.constraints if measured is not None or bound.name not in targeted)


def activation_bytes(spec: StudySpec, sampled: Sampled) -> int:
    """The peak of a point's activations, which takes a run and so is not counted for every sample."""
    return peak_activation_bytes(sampled.architecture, spec.signature)


def _of_a_few(bound: Constraint, values: Sequence[float]) -> Verdict:
    """From the values of a few architectures: the space's own least and most are not known."""
    best = min(values) if bound.upper else max(values)
    beyond = best > MARGIN * bound.bound if bound.upper else bound.bound > MARGIN * best
    met = bound.violation(best) <= 0
    outlook = Outlook.MEETABLE if met else Outlook.UNMEETABLE if beyond else Outlook.UNLIKELY
    figures = f"the {'least' if bound.upper else 'most'} of {len(values)} architectures is {show(best, bound.unit)}"
    return Verdict(constraint=bound, outlook=outlook, figures=figures)


def _counted(spec: StudySpec, found: Survey, bound: Constraint) -> Verdict:
    met = sum(bound.violation(each.counts[bound.name]) <= 0 for each in found.valid)
    end = extreme(spec, found, bound.name, largest=not bound.upper).counts[bound.name]
    possible = bound.violation(end) <= 0
    share = f"met by {met / len(found.valid):.0%} of sampled points; " if possible else ""
    figures = f"{share}the {'smallest' if bound.upper else 'largest'} found has {show(end, bound.unit)}"
    return Verdict(constraint=bound, outlook=Outlook.MEETABLE if possible else Outlook.UNMEETABLE, figures=figures)
