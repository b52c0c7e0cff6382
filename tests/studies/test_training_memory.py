"""Whether there is memory to train an architecture."""

from dataclasses import replace

import pytest

from paretoformer.search_spaces.activations import peak_activation_bytes, training_bytes
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.survey import Sampled, survey
from paretoformer.studies.training_memory import TrainingMemory, training_memory

MEMORY = TrainingMemory(batch=8, step=3000, at_once=256, evaluation=500, least=False, free=1000)


@pytest.fixture
def largest(counted_spec: StudySpec) -> Sampled:
    return survey(counted_spec, samples=20).valid[-1]


def test_a_step_and_an_evaluation_are_counted_by_their_batches(counted_spec: StudySpec, largest: Sampled) -> None:
    architecture, signature = largest.architecture, counted_spec.signature
    found = training_memory(counted_spec, architecture, free=10**12, scored=10**6)
    step = training_bytes(architecture, signature, counted_spec.recipe.batch)
    assert found.step == step.total
    assert found.evaluation == step.weights + found.at_once * peak_activation_bytes(architecture, signature)
    assert found.fits


def test_a_larger_batch_takes_more(counted_spec: StudySpec, largest: Sampled) -> None:
    recipe = replace(counted_spec.recipe, batch=2 * counted_spec.recipe.batch)
    taken = [
        training_memory(spec, largest.architecture, 0, scored=1).step
        for spec in (counted_spec, replace(counted_spec, recipe=recipe))
    ]
    assert taken[0] < taken[1] < 2 * taken[0]


def test_what_fits_to_the_byte_fits() -> None:
    assert replace(MEMORY, free=3000).fits
    assert not replace(MEMORY, free=2999).fits


def test_the_sentence_names_batch_bytes_needed_and_bytes_free() -> None:
    assert str(MEMORY) == "a step of 8 examples takes about 3 kB of memory, and 1 kB are free"
    assert "at least" in str(replace(MEMORY, least=True))


def test_an_evaluation_that_takes_more_is_named_in_its_place() -> None:
    assert str(replace(MEMORY, evaluation=5000)).startswith("an evaluation of 256 examples at once takes about 5 kB")


def test_a_smaller_batch_is_advised_only_where_it_can_help() -> None:
    assert "--batch" in MEMORY.advice
    hopeless = (replace(MEMORY, batch=1), replace(MEMORY, evaluation=2000), replace(MEMORY, least=True))
    assert not any("--batch" in each.advice for each in hopeless)
    assert all("--counted" in each.advice for each in hopeless)


def test_no_more_examples_are_scored_at_once_than_a_split_has(counted_spec: StudySpec, largest: Sampled) -> None:
    found = training_memory(counted_spec, largest.architecture, 0, scored=6)
    assert found.at_once == 6
