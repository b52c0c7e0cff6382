"""Whether bounds can be met, from counts of samples and costs of a few."""

from dataclasses import replace

import pytest

from paretoformer.records.objective import parse_constraint
from paretoformer.records.target import parse_target
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.survey import Survey, survey
from paretoformer.studies.verdicts import Outlook, Verdict, counted_verdicts, verdicts

from .conftest import measurement

SECONDS = (4e-3, 1e-3, 2e-3)
"""Of the points with the fewest, middling and most MACs: what is smallest is not what is fastest."""
TARGET = "cpu:eager:fp32:1:prefill/1/1"


@pytest.fixture
def found(timed_spec: StudySpec) -> Survey:
    return survey(timed_spec, samples=40)


def judged(spec: StudySpec, found: Survey, bound: str, seconds: tuple[float, ...] = SECONDS) -> Verdict:
    """The verdict on one bound where three points have these latencies on every target."""
    spec = replace(spec, constraints=(parse_constraint(bound),))
    points = (found.valid[0], found.valid[len(found.valid) // 2], found.valid[-1])
    targets = [str(target) for target in spec.targets]
    costs = [{("latency", name): measurement("latency", name, each) for name in targets} for each in seconds]
    (verdict,) = verdicts(spec, found, points, costs, {"accuracy": 0.1})
    return verdict


@pytest.mark.parametrize(
    ("bound", "outlook", "figures"),
    [
        ("latency <= 1.5 ms", Outlook.MEETABLE, "the least of 3 architectures is 1 ms"),
        ("latency <= 0.6 ms", Outlook.UNLIKELY, "the least of 3 architectures is 1 ms"),
        ("latency <= 0.4 ms", Outlook.UNMEETABLE, "the least of 3 architectures is 1 ms"),
        ("latency >= 3 ms", Outlook.MEETABLE, "the most of 3 architectures is 4 ms"),
        ("latency >= 7 ms", Outlook.UNLIKELY, "the most of 3 architectures is 4 ms"),
        ("latency >= 9 ms", Outlook.UNMEETABLE, "the most of 3 architectures is 4 ms"),
        ("activation_bytes <= 1B", Outlook.UNMEETABLE, "the least of 3 architectures is"),
        ("activation_bytes <= 1GB", Outlook.MEETABLE, "the least of 3 architectures is"),
        ("params <= 1", Outlook.UNMEETABLE, "the smallest found has"),
        ("params <= 1G", Outlook.MEETABLE, "met by 100% of sampled points; the smallest found has"),
        ("macs >= 1G", Outlook.UNMEETABLE, "the largest found has"),
        ("accuracy >= 99%", Outlook.OPEN, "a constant answer has 0.1"),
    ],
)
def test_a_bound_is_judged_by_all_that_is_known(
    timed_spec: StudySpec, found: Survey, bound: str, outlook: Outlook, figures: str
) -> None:
    verdict = judged(timed_spec, found, bound)
    assert (verdict.outlook, verdict.possible) == (outlook, outlook is not Outlook.UNMEETABLE)
    assert verdict.figures.startswith(figures)


def test_a_bound_within_reach_of_an_unmeasured_architecture_is_not_refused(
    timed_spec: StudySpec, found: Survey
) -> None:
    assert judged(timed_spec, found, "latency <= 3 ms", seconds=(5e-3, 5.5e-3, 6e-3)).possible


def test_an_unqualified_bound_is_judged_on_its_worst_target(timed_spec: StudySpec, found: Survey) -> None:
    other = parse_target("cpu:eager:fp32:2:prefill/1/1")
    spec = replace(timed_spec, targets=(*timed_spec.targets, other), constraints=(parse_constraint("latency <= 3 ms"),))
    seconds = {TARGET: 1e-3, str(other): 5e-3}
    costs = {("latency", name): measurement("latency", name, value) for name, value in seconds.items()}
    (verdict,) = verdicts(spec, found, found.valid[:1], [costs], {})
    assert verdict.figures == "the least of 1 architectures is 5 ms"


def test_a_verdict_is_a_sentence(timed_spec: StudySpec, found: Survey) -> None:
    said = str(judged(timed_spec, found, "latency <= 0.6 ms"))
    assert said == "latency <= 600 us is unlikely to be met: the least of 3 architectures is 1 ms"


def test_bounds_on_counts_are_judged_without_a_measurement(timed_spec: StudySpec, found: Survey) -> None:
    bounds = tuple(map(parse_constraint, ("latency <= 1ns", "params <= 1")))
    spec = replace(timed_spec, constraints=bounds)
    assert [str(verdict.constraint) for verdict in counted_verdicts(spec, found)] == ["params <= 1"]
