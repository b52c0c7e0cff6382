"""When visits are made, and when they are made again."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, repeat
from typing import Any

import pytest

from paretoformer.hardware_models.measuring import MakeVisit
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.meters.registry import meters
from paretoformer.records.measurement import Provenance
from paretoformer.records.objective import parse_constraint, parse_objectives
from paretoformer.records.target import Target
from paretoformer.search_spaces.preset import load_preset
from paretoformer.store import Store
from paretoformer.studies.measurer import Measurer
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.stations import Here

CALM, WILD = (1.0, 1.0, 1.0, 1.0), (1.0, 1.0, 1.0, 2.0)


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


def test_what_comes_out_noisy_is_measured_once_more_and_the_second_counts(
    store, timed_spec, fake_visits, subject
) -> None:
    measurer, made = measurer_of(store, timed_spec, fake_visits, subject, chain(WILD, CALM))
    (found,) = measurer.after_training(subject).values()
    assert (len(made), found.noisy, len(set(found.samples))) == (8, False, 1)


def test_what_stays_noisy_is_kept_as_noisy(store, timed_spec, fake_visits, subject) -> None:
    measurer, made = measurer_of(store, timed_spec, fake_visits, subject, chain.from_iterable(repeat(WILD)))
    (found,) = measurer.after_training(subject).values()
    assert (len(made), found.noisy) == (8, True)
    (again,) = measurer.after_training(subject).values()
    assert again == found and len(made) == 8


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


def test_a_re_measurement_that_comes_out_noisy_is_made_once_more(store, timed_spec, fake_visits, subject) -> None:
    factors = chain(CALM, WILD, (3.0,) * 4)
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
