"""Studies side by side."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from paretoformer.records.errors import UserError
from paretoformer.records.objective import parse_objectives
from paretoformer.store import Store
from paretoformer.studies.comparing import compare
from paretoformer.studies.spec import StudySpec

from .stored import REFERENCE, architectures, stored


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open("sqlite://") as opened:
        yield opened


def test_a_front_is_dominated_as_far_as_the_other_beats_its_members(store: Store, counted_spec: StudySpec) -> None:
    cheap, middle, dear = architectures(counted_spec, 3)
    better = stored(store, counted_spec, "better", [(0.9, middle)])
    worse = stored(store, counted_spec, "worse", [(0.2, cheap), (0.7, dear)])
    comparison = compare([better, worse])
    assert [side.dominated for side in comparison.sides] == [{"worse": 0.0}, {"better": 0.5}]


def test_a_lead_within_the_interval_dominates_nothing(store: Store, counted_spec: StudySpec) -> None:
    (same,) = architectures(counted_spec, 1)
    ahead = stored(store, counted_spec, "ahead", [(0.81, same)])
    behind = stored(store, counted_spec, "behind", [(0.80, same)])
    assert [list(side.dominated.values()) for side in compare([ahead, behind]).sides] == [[0.0], [0.0]]


def test_hypervolumes_share_the_worst_reference(store: Store, counted_spec: StudySpec) -> None:
    (one,) = architectures(counted_spec, 1)
    first = stored(store, counted_spec, "first", [(0.5, one)])
    second = stored(store, counted_spec, "second", [(0.5, one)])
    store.studies.set_reference(second.row.id, (0.0, REFERENCE[1] / 2))
    comparison = compare([first, type(second)(store, second.row.id)])
    assert comparison.reference == (0.0, REFERENCE[1])
    sides = comparison.sides
    assert (
        sides[0].hypervolume == sides[1].hypervolume == pytest.approx(0.5 * (REFERENCE[1] - first.trials[0].values[1]))
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"objectives": parse_objectives("accuracy, -params")}, "objectives differ"), ({"data_hash": "1" * 64}, "data")],
)
def test_studies_of_other_objectives_or_data_are_refused(
    store: Store, counted_spec: StudySpec, changes: dict[str, object], said: str
) -> None:
    one = stored(store, counted_spec, "one", [])
    other = stored(store, replace(counted_spec, **changes), "other", [])  # type: ignore[arg-type]
    with pytest.raises(UserError, match=f"one and other cannot be compared: .*{said}"):
        compare([one, other])


def test_one_study_is_no_comparison(store: Store, counted_spec: StudySpec) -> None:
    one = stored(store, counted_spec, "one", [])
    for studies in ([one], [one, one]):
        with pytest.raises(UserError):
            compare(studies)
