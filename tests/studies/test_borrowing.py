"""What it costs to use on one target what was chosen for another."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.records.target import parse_target
from paretoformer.search_spaces.preset import load_preset
from paretoformer.store import Store
from paretoformer.studies.borrowing import Borrowing, borrowed, borrowings
from paretoformer.studies.front import Interval
from paretoformer.studies.picks import pick
from paretoformer.studies.points import FrontPoint
from paretoformer.studies.spec import Column, StudySpec
from paretoformer.studies.target_fronts import members_of

from .conftest import Row, fill

A, B = (parse_target(f"cpu:{runtime}:fp32:1:prefill/1/1") for runtime in ("eager", "onnx"))
COLUMNS = (
    Column(name="accuracy", minimise=False, unit="fraction"),
    *(Column(name="latency", minimise=True, unit="s", target=target) for target in (A, B)),
)
ARCHITECTURE = load_preset("vit-tiny-digits").architecture
REFERENCE = (0.0, 20.0)

Rows = Sequence[tuple[int, int, int]]
rows = st.lists(st.tuples(*[st.integers(1, 9)] * 3), min_size=1, max_size=10)
halves = st.sampled_from([0.0, 0.5, 1.5])


def points(rows: Rows, half: float = 0.0) -> list[FrontPoint]:
    """Points of (accuracy, latency on A, latency on B), each known to `half`."""
    return [
        FrontPoint(
            number=number,
            columns=COLUMNS,
            values=tuple(Interval(value=v, low=v - half, high=v + half) for v in row),
            provenance=("scored", "measured", "measured"),
            architecture=ARCHITECTURE,
            counts={"params": 1},
            genes={},
        )
        for number, row in enumerate(rows, start=1)
    ]


def used(rows: Rows, half: float = 0.0, of: object = A, on: object = B) -> Borrowing:
    """The front of `of`, used on `on`."""
    every = points(rows, half)
    fronts = {target: members_of([point.on(target) for point in every]) for target in (A, B)}
    assert of in (A, B) and on in (A, B)
    chosen = [every[point.number - 1].on(on) for point in fronts[of]]
    return borrowed(of, on, chosen, pick("knee", fronts[of], ()).number, fronts[on], REFERENCE)


@settings(deadline=None, max_examples=60)
@given(rows, halves)
def test_a_front_used_where_it_was_chosen_keeps_all_of_it(rows: Rows, half: float) -> None:
    assert used(rows, half, A, A).kept == pytest.approx(1.0)


@settings(deadline=None, max_examples=60)
@given(rows)
def test_a_knee_used_where_it_was_chosen_has_no_more_than_its_equals(rows: Rows) -> None:
    assert used(rows, 0.0, B, B).more == {"latency": 0.0}


@settings(deadline=None, max_examples=100)
@given(rows, halves)
def test_no_front_beats_the_targets_own_and_no_knee_its_best(rows: Rows, half: float) -> None:
    found = used(rows, half)
    assert found.kept is not None and 0.0 <= found.kept <= 1.0 + 1e-9
    assert found.more["latency"] >= 0.0


def test_a_share_and_a_surplus_are_those_of_an_example() -> None:
    found = used([(9, 1, 8), (8, 9, 4), (9, 9, 2)])
    assert found.knee == 1
    assert found.kept == pytest.approx(12 / 18)
    assert (found.more, found.instead) == ({"latency": pytest.approx(3.0)}, {"latency": 3})


def test_what_scores_less_is_no_alternative() -> None:
    found = used([(9, 1, 8), (8, 9, 2)])
    assert (found.more, found.instead) == ({"latency": 0.0}, {"latency": 1})


def test_a_front_that_lies_beyond_the_reference_has_no_share() -> None:
    every = [point.on(B) for point in points([(1, 1, 9)])]
    assert borrowed(A, B, every, 1, every, (-5.0, 20.0)).kept is None
    assert borrowed(A, B, every, 1, every, None).kept is None


def test_a_study_has_one_for_each_ordered_pair_of_its_targets(store: Store, two_targets: StudySpec) -> None:
    study = fill(store, two_targets, [Row(accuracy=0.9, latency=1e-3, elsewhere=4e-3), Row(accuracy=0.9, latency=2e-3)])
    one, other = borrowings(study)
    assert [(each.of, each.on, each.knee) for each in (one, other)] == [(A, B, 1), (B, A, 2)]
    assert one.more["latency"] == pytest.approx(3.0) and other.more["latency"] == pytest.approx(1.0)
    assert one.to_json()["instead"] == {"latency": 2}


def test_a_study_of_one_target_or_without_a_front_has_none(store: Store, two_targets: StudySpec) -> None:
    assert borrowings(fill(store, replace(two_targets, targets=(A,)), name="one")) == ()
    assert borrowings(fill(store, two_targets, rows=(), name="none")) == ()
