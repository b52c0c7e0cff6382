"""Studies side by side."""

import json
from dataclasses import replace

import pytest

from paretoformer.records.errors import UserError
from paretoformer.records.measurement import Provenance
from paretoformer.records.objective import parse_objectives
from paretoformer.store import Store
from paretoformer.studies.comparing import compare, dominated_share
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.study import Study

from .conftest import Row, fill

BETTER = (Row(accuracy=0.95, latency=2e-3),)


@pytest.fixture
def better(filled: Study) -> Study:
    """Its one trial beats trial 1 of the other, and not trial 3, which is faster."""
    return fill(filled.store, filled.spec, BETTER, name="better")


def test_the_share_that_the_other_dominates_is_told_for_both(filled: Study, better: Study) -> None:
    one, two = compare([filled, better]).sides
    assert one.dominated == {"better": 0.5}
    assert two.dominated == {"filled": 0.0}


def test_hypervolumes_are_held_against_the_worst_reference(store: Store, filled: Study) -> None:
    row = store.studies.create("far", spec=filled.spec.to_json(), seed=0, reference=(0.5, 1.0))
    comparison = compare([filled, Study(store, row.id)])
    assert comparison.reference == (0.5, 1e9)
    assert comparison.sides[0].hypervolume > filled.hypervolume()
    assert comparison.sides[1].hypervolume == 0.0


def test_a_comparison_is_plain_json(filled: Study, better: Study) -> None:
    shown = json.loads(json.dumps(compare([filled, better]).to_json()))
    assert [side["study"] for side in shown["studies"]] == ["filled", "better"]
    assert [point["trial"] for point in shown["studies"][0]["points"]] == [1, 3]


def test_nothing_dominates_an_empty_front(filled: Study) -> None:
    assert dominated_share([], filled.front()) == 0.0


def test_one_study_is_not_a_comparison(filled: Study) -> None:
    with pytest.raises(UserError, match="needs two studies or more"):
        compare([filled])


def test_a_study_is_not_compared_with_itself(filled: Study) -> None:
    with pytest.raises(UserError, match="cannot be compared with itself: filled, filled"):
        compare([filled, filled])


@pytest.mark.parametrize("what", ["objectives", "data", "sources of figures"])
def test_studies_that_are_not_alike_are_refused_naming_what_differs(
    store: Store, filled: Study, timed_spec: StudySpec, what: str
) -> None:
    others = {
        "objectives": replace(timed_spec, objectives=parse_objectives("accuracy, -params")),
        "data": replace(timed_spec, data_hash="1" * 64),
        "sources of figures": replace(timed_spec, provenance=dict.fromkeys(timed_spec.provenance, Provenance.MODELLED)),
    }
    other = fill(store, others[what], rows=(), name="other")
    with pytest.raises(UserError, match=f"filled and other cannot be compared: their {what} differ"):
        compare([filled, other])
