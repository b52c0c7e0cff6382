"""What counting alone tells of a space."""

from collections.abc import Callable

import pytest

from paretoformer.hardware_models.meters.base import Visit
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.studies.counted import Counted, counted
from paretoformer.studies.planning import Request, plan
from paretoformer.studies.stations import Here
from paretoformer.studies.survey import survey

Count = Callable[..., Counted]


@pytest.fixture
def count(space: SearchSpace, monkeypatch: pytest.MonkeyPatch) -> Count:
    """Of digits, where nothing may be measured."""

    def never(*arguments: object) -> Visit:
        raise AssertionError("nothing is measured")

    def call(*bounds: str, objectives: str = "accuracy, -latency") -> Counted:
        request = Request(what="digits", space=space, objectives=objectives, subject_to=bounds, seed=3)
        planned = plan(request, Here(never))
        return counted(planned, survey(planned.spec, samples=40))

    return call


def test_ranges_are_those_of_counts_alone(count: Count) -> None:
    costs = count().costs
    assert {cost.name for cost in costs} == {"params", "non_embedding_params", "macs", "state_bytes"}
    assert all(cost.least <= cost.middle <= cost.most and cost.provenance == "counted" for cost in costs)


def test_activations_are_counted_where_they_are_asked_for(count: Count) -> None:
    costs = {cost.name: cost for cost in count(objectives="accuracy, -activation_bytes").costs}
    assert 0 < costs["activation_bytes"].least <= costs["activation_bytes"].most


def test_bounds_on_measured_costs_have_no_verdict_and_others_have(count: Count) -> None:
    found = count("latency <= 1s", "accuracy >= 99%", "params <= 1G", "activation_bytes <= 1B")
    kept = ["accuracy >= 0.99", "params <= 1 G", "activation_bytes <= 1 B"]
    assert [str(each.constraint) for each in found.verdicts] == kept
