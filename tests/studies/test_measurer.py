"""When visits are made, and when they are made again."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, repeat
from typing import Any

import pytest

from paretoformer.hardware_models.measuring import MakeVisit
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.hardware_models.meters.registry import meters
from paretoformer.records.measurement import Provenance
from paretoformer.records.objective import parse_constraint, parse_objectives
from paretoformer.records.target import Target
from paretoformer.search_spaces.preset import load_preset
from paretoformer.store import Store
from paretoformer.studies.measurer import Measurer
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.stations import Here

CALM, WILD, SPLIT = (1.0, 1.0, 1.0, 1.0), (1.0, 1.0, 1.0, 2.0), (1.0, 1.0, 2.0, 2.0)


@pytest.fixture
def subject(store: Store, timed_spec: StudySpec) -> Subject:
    """A preset whose rows are stored."""
    found = Subject(architecture=load_preset("vit-tiny-digits").architecture, signature=timed_spec.signature)
    store.architectures.put(found.architecture.digest, found.architecture.to_json())
    store.signatures.put(found.signature.digest, found.signature.to_json())
    return found


def measurer_of(
    store: Store, spec: StudySpec, fake_visits: MakeVisit, subject: Subject, factors: Iterator[float]
) -> tuple[Measurer, list[str]]:
    """A measurer whose visits of `subject` give their ratio times the next factor, and the list of them."""
    made: list[str] = []

    def make(meter: Meter, asked: Subject, target: Target) -> Visit:
        visit = fake_visits(meter, asked, target)
        if asked.architecture != subject.architecture:
            return visit
        made.append(str(target))
        factor = next(factors)
        readings: dict[str, Any] = dict(visit.readings["latency"])
        for name in ("busy_ratio", "wall_ratio"):
            readings[name] *= factor
        return replace(visit, readings={"latency": readings})

    return Measurer(store, spec, Here(make)), made


def test_visits_that_agree_are_made_once(store, timed_spec, fake_visits, subject) -> None:
    measurer, made = measurer_of(store, timed_spec, fake_visits, subject, iter(CALM))
    measurer.before_training(subject)
    assert len(made) == 2
    (found,) = measurer.after_training(subject).values()
    assert (len(made), found.noisy) == (4, False)
    assert measurer.after_training(subject) and len(made) == 4


@pytest.mark.parametrize(("rounds", "visits"), [((WILD, CALM), 8), ((WILD, WILD, CALM), 12)])
def test_what_comes_out_noisy_gets_further_rounds_until_it_is_not_and_all_visits_count(
    store, timed_spec, fake_visits, subject, rounds, visits
) -> None:
    measurer, made = measurer_of(store, timed_spec, fake_visits, subject, chain(*rounds))
    (found,) = measurer.after_training(subject).values()
    assert (len(made), len(found.samples), found.noisy) == (visits, visits, False)
    assert found.value == pytest.approx(found.samples[0])


def test_what_stays_noisy_is_given_up_after_the_meters_rounds_and_kept_as_noisy(
    store, timed_spec, fake_visits, subject
) -> None:
    measurer, made = measurer_of(store, timed_spec, fake_visits, subject, chain.from_iterable(repeat(SPLIT)))
    (found,) = measurer.after_training(subject).values()
    assert LatencyMeter.rounds * LatencyMeter().visits == 12
    assert (len(made), len(found.samples), found.noisy) == (12, 12, True)
    (again,) = measurer.after_training(subject).values()
    assert again == found and len(made) == 12


def test_visits_without_the_lease_give_way_to_those_of_another_round(store, timed_spec, fake_visits, subject) -> None:
    broken = iter((True, *[False] * 7))

    def make(meter: Meter, asked: Subject, target: Target) -> Visit:
        visit = fake_visits(meter, asked, target)
        if asked.architecture != subject.architecture or not next(broken):
            return visit
        return replace(visit, conditions={**visit.conditions, "lease_broken": True})

    (found,) = Measurer(store, timed_spec, Here(make)).after_training(subject).values()
    assert (len(found.samples), found.noisy) == (7, False)


def test_a_re_measurement_is_of_new_visits_alone(store, timed_spec, fake_visits, subject) -> None:
    lucky, plain = (0.5,) * 4, (1.0,) * 4
    measurer, made = measurer_of(store, timed_spec, fake_visits, subject, iter((*lucky, *plain)))
    (need,) = measurer.remeasurable
    assert measurer.is_remeasured(subject, need) is None
    (first,) = measurer.after_training(subject).values()
    assert measurer.is_remeasured(subject, need) is False
    measurer.remeasure(subject, need)
    (second,) = measurer.after_training(subject).values()
    assert second.value == pytest.approx(2 * first.value) and len(made) == 8
    assert (second.conditions["remeasured"], "remeasured" in first.conditions) == (True, False)
    assert measurer.is_remeasured(subject, need) is True


def test_a_round_that_was_broken_off_is_gone_on_with(store, timed_spec, fake_visits, subject) -> None:
    measurer, made = measurer_of(store, timed_spec, fake_visits, subject, iter((1.0,) * 6))
    (need,) = measurer.remeasurable
    (first,) = measurer.after_training(subject).values()
    with pytest.raises(StopIteration):  # in the third visit
        measurer.remeasure(subject, need)
    assert measurer.after_training(subject) == {("latency", first.target): first}
    resumed, more = measurer_of(store, timed_spec, fake_visits, subject, iter((1.0,) * 2))
    resumed.remeasure(subject, need)
    assert (len(more), resumed.is_remeasured(subject, need)) == (2, True)


def test_a_re_measurement_that_comes_out_noisy_gets_another_round(store, timed_spec, fake_visits, subject) -> None:
    factors = chain(CALM, (3.0, 3.0, 3.0, 6.0), (3.0,) * 4)
    measurer, made = measurer_of(store, timed_spec, fake_visits, subject, factors)
    (need,) = measurer.remeasurable
    (first,) = measurer.after_training(subject).values()
    measurer.remeasure(subject, need)
    (found,) = measurer.after_training(subject).values()
    assert (len(made), found.noisy, found.value) == (12, False, pytest.approx(3 * first.value))


def test_what_bounds_alone_ask_for_is_not_measured_anew(store, timed_spec, fake_visits) -> None:
    bounded = replace(
        timed_spec,
        constraints=(parse_constraint("memory <= 1GB"),),
        provenance={f"{name}[{timed_spec.targets[0]}]": Provenance.MEASURED for name in ("latency", "memory")},
    )
    measurer = Measurer(store, bounded, Here(fake_visits))
    assert [need.meter.quantities[0] for need in measurer.needs] == ["latency", "memory"]
    assert [need.meter.quantities[0] for need in measurer.remeasurable] == ["latency"]


def test_what_is_modelled_is_not_measured_anew(store, timed_spec, fake_visits) -> None:
    (modelled, *_) = [
        kind() for kind in meters() if kind.provenance is Provenance.MODELLED and "energy" in kind.quantities
    ]

    class Modelling(Here):
        def meter(self, quantity: str, target: Target) -> Meter:
            return modelled

    spec = replace(timed_spec, objectives=parse_objectives("accuracy, -energy"))
    measurer = Measurer(store, spec, Modelling(fake_visits))
    assert [need.meter for need in measurer.needs] == [modelled]
    assert measurer.remeasurable == ()
