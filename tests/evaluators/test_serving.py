"""What a model cannot be trained or scored by is said before anything is measured."""

from dataclasses import replace

import pytest
import torch

from paretoformer.evaluators.byte_text import SYMBOLS, VOCABULARY, written_after
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metrics.bits_per_byte import BitsPerByte
from paretoformer.evaluators.metrics.retrieval import Recall
from paretoformer.evaluators.serving import serving_problems
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ImageInput, Signature, TokenInput, TokenOutput
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Source

from .conftest import plain_architecture


class Captions(MemoryTask):
    """Two pictures with a letter each."""

    name = "captions"
    about = About(title="", data="", licence="", baseline="")
    metrics = (Recall("text", 1), BitsPerByte())
    signature = Signature(
        input=TokenInput(vocabulary=VOCABULARY, length=4),
        output=TokenOutput(vocabulary=VOCABULARY),
        source=ImageInput(channels=1, height=4, width=4),
    )
    recipe = Recipe(batch=2, budget=4)
    symbols = SYMBOLS

    def __init__(self) -> None:
        examples = written_after(Source(torch.zeros(2, 1, 4, 4)), ["a", "b"])
        super().__init__(dict.fromkeys(Split, examples), data_hash="0")


@pytest.fixture
def task() -> Captions:
    return Captions()


def problems(task, topology, wanted, **recipe):
    def make():
        return build(plain_architecture(task.signature, topology), task.signature, seed=0)

    return serving_problems(make, task, replace(task.recipe, **recipe), wanted)


def test_a_model_that_gives_what_is_asked_has_no_problems(task) -> None:
    assert problems(task, "dual", {"recall_1_by_text"}, criterion="contrastive-caption") == ()
    assert problems(task, "encoder-decoder", {"bits_per_byte"}) == ()


def test_a_metric_of_vectors_needs_a_topology_that_gives_some(task) -> None:
    (sentence,) = problems(task, "encoder-decoder", {"recall_1_by_text"})
    assert "topology encoder-decoder gives none; use dual" in sentence


@pytest.mark.parametrize("field", ["criterion", "pretraining"])
def test_a_criterion_that_refuses_the_model_is_told(task, field) -> None:
    (sentence,) = problems(task, "encoder-decoder", set(), **{field: "contrastive-caption"})
    assert "contrastive-caption" in sentence and not sentence.endswith(".")


def test_nothing_is_built_where_outputs_are_enough(task) -> None:
    def never():
        raise AssertionError("a model was built")

    assert serving_problems(never, task, task.recipe, {"bits_per_byte"}) == ()


def test_randomness_of_heads_leaves_the_global_state_alone(task) -> None:
    before = torch.get_rng_state()
    problems(task, "dual", {"recall_1_by_text"}, criterion="contrastive-caption")
    assert torch.equal(torch.get_rng_state(), before)
