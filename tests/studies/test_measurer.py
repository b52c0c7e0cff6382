"""When visits are made, and when they are made again."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, repeat
from typing import Any

import pytest

from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.records.target import Target
from paretoformer.search_spaces.preset import load_preset
from paretoformer.store import Store
from paretoformer.studies.measurer import Measurer
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.stations import Here
from paretoformer.studies.visits import MakeVisit

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
