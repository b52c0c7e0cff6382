"""Before a search: ranges, bounds, the reference point, hours."""

from collections.abc import Callable
from pathlib import Path

import pytest

from paretoformer.hardware_models.converting import ConversionFailed
from paretoformer.hardware_models.measuring import MakeVisit
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.room import DoesNotFit
from paretoformer.records.errors import UserError
from paretoformer.records.target import Target
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.store import Store
from paretoformer.studies import preflight as preflight_module
from paretoformer.studies.lease import Lease
from paretoformer.studies.planning import Request, plan
from paretoformer.studies.preflight import Preflight, preflight
from paretoformer.studies.stations import Here
from paretoformer.studies.survey import survey

Look = Callable[..., Preflight]


@pytest.fixture
def look(space: SearchSpace, store: Store, fake_visits: MakeVisit, tmp_path: Path) -> Look:
    """A pre-flight of digits with a clock that ticks and no device."""
    ticks = iter(range(10**9))

    def call(
        *bounds: str,
        objectives: str = "accuracy, -latency",
        visits: MakeVisit = fake_visits,
        rate: float | None = None,
        free: int = 10**12,
    ) -> Preflight:
        request = Request(
            what="digits", space=space, objectives=objectives, subject_to=bounds, budget=512, learning_rate=rate, seed=3
        )
        planned = plan(request, Here(visits))
        found = survey(planned.spec, samples=40)
        lease = Lease("cpu", tmp_path / "locks")
        return preflight(planned, found, store, lease=lease, free=free, clock=lambda: float(next(ticks)))

    return call


def test_costs_go_from_least_to_most_with_their_source(look: Look) -> None:
    costs = {cost.name: cost for cost in look().costs}
    assert all(cost.least <= cost.middle <= cost.most for cost in costs.values())
    latency = costs["latency[cpu:eager:fp32:1:prefill/1/1]"]
    assert (latency.unit, latency.provenance) == ("s", "measured")
    assert latency.most == pytest.approx(costs["macs"].most * 1e-9)
    assert costs["params"].provenance == "counted"


def test_the_reference_is_the_constant_answer_and_a_tenth_above_the_largest_costs(look: Look) -> None:
    found = look(objectives="accuracy, -latency, -params")
    costs = {cost.name: cost.most for cost in found.costs}
    accuracy, latency, params = found.reference
    assert -0.2 < accuracy < 0
    assert latency == pytest.approx(1.1 * costs["latency[cpu:eager:fp32:1:prefill/1/1]"])
    assert params == pytest.approx(1.1 * costs["params"])


def test_each_bound_has_a_verdict_in_their_order(look: Look) -> None:
    found = look("latency <= 1s", "accuracy >= 99%", "params <= 1G")
    assert [str(each.constraint) for each in found.verdicts] == ["latency <= 1 s", "accuracy >= 0.99", "params <= 1 G"]


def test_visits_are_kept_for_the_trials_to_come(look: Look) -> None:
    def never(*arguments: object) -> Visit:
        raise AssertionError("this was visited already")

    first = look()
    assert look(visits=never).costs == first.costs


def test_what_a_targets_runtime_cannot_run_is_passed_over_for_the_next(look: Look, fake_visits: MakeVisit) -> None:
    refused: set[str] = set()

    def picky(meter: Meter, subject: Subject, target: Target) -> Visit:
        if not refused or subject.architecture.digest in refused:
            refused.add(subject.architecture.digest)
            raise ConversionFailed(f"{target}: no.")
        return fake_visits(meter, subject, target)

    found = look(visits=picky)
    least = next(cost.least for cost in found.costs if cost.name.startswith("latency["))
    assert len(refused) == 1
    assert least >= next(cost.least for cost in found.costs if cost.name == "macs") * 1e-9


def test_what_has_no_room_on_a_board_is_left_out_and_told(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    macs = next(cost for cost in look().costs if cost.name == "macs")

    def fits(subject: Subject, target: Target) -> bool:
        return count(subject.architecture, subject.signature).macs <= macs.middle

    monkeypatch.setattr(preflight_module, "has_room", fits)
    found = look()
    latency = next(cost for cost in found.costs if cost.name.startswith("latency["))
    assert latency.most == pytest.approx(macs.middle * 1e-9)
    valid = len(found.survey.valid)
    assert valid / 3 < found.without_room < 2 * valid / 3


def test_where_nothing_has_room_the_smallest_is_refused(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(meter: Meter, subject: Subject, target: Target) -> Visit:
        raise DoesNotFit(f"{target}: it does not fit there.")

    monkeypatch.setattr(preflight_module, "has_room", lambda subject, target: False)
    with pytest.raises(UserError, match=r"The smallest sampled .* cannot be measured here: .*it does not fit there"):
        look(visits=never)


def test_a_space_that_no_target_can_run_is_refused(look: Look) -> None:
    def never(meter: Meter, subject: Subject, target: Target) -> Visit:
        raise ConversionFailed(f"{target}: mixer abacus cannot be converted.")

    with pytest.raises(UserError, match=r"The smallest sampled .* cannot be measured here: .*mixer abacus"):
        look(visits=never)


def test_hours_grow_with_trials_and_only_training_is_shared_by_workers(look: Look) -> None:
    found = look()
    assert found.training_seconds > 0 and found.measuring_seconds > 0
    assert found.hours(20) == pytest.approx(2 * found.hours(10))
    alone = 10 * found.measuring_seconds / 3600
    assert found.hours(10, workers=2) - alone == pytest.approx((found.hours(10) - alone) / 2)


def test_a_rate_at_which_training_diverges_is_no_reason_not_to_search(look: Look) -> None:
    assert look(objectives="accuracy, -params", rate=1e30).training_seconds > 0


def test_what_cannot_be_trained_for_want_of_memory_is_refused_before_it_is_measured(look: Look) -> None:
    def never(*arguments: object) -> Visit:
        raise AssertionError("this need not be measured")

    words = (
        r"The middle sampled architecture of space small cannot be trained here: .* takes about .* 1 kB are free; give"
    )
    with pytest.raises(UserError, match=words):
        look(visits=never, free=1000)


def test_the_largest_may_take_more_than_there_is(look: Look) -> None:
    needed = look().largest.needed
    found = look(free=needed - 1)
    assert not found.largest.fits
    assert look(free=needed).largest.fits
