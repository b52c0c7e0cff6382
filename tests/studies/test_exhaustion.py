"""Noticing that a small space has nothing new to offer."""

from dataclasses import replace

import pytest

from paretoformer.records.trial import Outcome, TrialState
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.studies.exhaustion import Exhaustion
from paretoformer.studies.spec import StudySpec

TINY = {
    "name": "tiny",
    "title": "Three widths, one of them invalid",
    "topology": "encoder",
    "stem": "patches",
    "dimensions": {
        "stem.size": 4,
        "encoder.depth": 1,
        "encoder.width": [8, 9, 16],
        "encoder.mixer": "softmax",
        "encoder.mixer.heads": 4,
    },
}


@pytest.fixture
def tiny(counted_spec: StudySpec) -> StudySpec:
    return replace(counted_spec, space=SearchSpace.from_dict(TINY))


def ends(spec: StudySpec, *states: TrialState) -> list[Outcome]:
    """The valid points of a space, ended as told."""
    points = [point for point in spec.space.enumerate(100) if not spec.space.explain(point, spec.signature)]
    pairs = zip(points, states, strict=False)
    return [Outcome(number=number, state=state, point=point) for number, (point, state) in enumerate(pairs, 1)]


def test_invalid_points_are_not_waited_for(tiny: StudySpec) -> None:
    assert tiny.space.count() == 3
    assert len(list(Exhaustion(tiny).valid())) == 2


def test_a_space_is_exhausted_once_every_valid_architecture_was_tried(tiny: StudySpec) -> None:
    exhaustion = Exhaustion(tiny)
    exhaustion.look(ends(tiny, TrialState.COMPLETE))
    assert not exhaustion.reached
    exhaustion.look(ends(tiny, TrialState.COMPLETE, TrialState.OVER_CONSTRAINT))
    assert exhaustion.reached


def test_a_failed_trial_counts_as_tried_and_an_invalid_one_does_not(tiny: StudySpec) -> None:
    exhaustion = Exhaustion(tiny)
    exhaustion.look(ends(tiny, TrialState.COMPLETE, TrialState.INVALID))
    assert not exhaustion.reached
    exhaustion.look(ends(tiny, TrialState.COMPLETE, TrialState.FAILED))
    assert exhaustion.reached


def test_no_more_of_a_space_is_listed_than_is_needed(tiny: StudySpec, monkeypatch: pytest.MonkeyPatch) -> None:
    second = ends(tiny, TrialState.COMPLETE, TrialState.COMPLETE)[1:]
    looked_at = []
    explain = tiny.space.explain
    monkeypatch.setattr(type(tiny.space), "explain", lambda self, *given: looked_at.append(given) or explain(*given))
    Exhaustion(tiny).look(second)
    assert len(looked_at) == 1


def test_a_space_that_cannot_be_listed_is_never_exhausted(tiny: StudySpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paretoformer.studies.exhaustion.ENUMERABLE", 2)
    exhaustion = Exhaustion(tiny)
    exhaustion.look(ends(tiny, TrialState.COMPLETE, TrialState.COMPLETE))
    assert not exhaustion.reached
