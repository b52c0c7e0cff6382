"""What each kind of metric is given of a model."""

import pytest
import torch
from torch import Tensor

from paretoformer.evaluators import evaluation
from paretoformer.evaluators.evaluation import evaluate
from paretoformer.evaluators.examples import IGNORED, Examples, Split
from paretoformer.evaluators.generation import generate
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import FRACTION, GeneratedMetric, PairMetric
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.phase import TrainingFailed
from paretoformer.evaluators.symbols import Symbols
from paretoformer.records.signature import ImageInput, Signature, TokenInput, TokenOutput
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import PairModel, Source

from .conftest import plain_architecture

CPU = torch.device("cpu")
N, LENGTH = 11, 8


class Ids(GeneratedMetric):
    """The parts are the ids."""

    name, unit, minimise = "ids", "", False

    def parts(self, generated: Tensor, examples: Examples) -> Tensor:
        return torch.nn.functional.pad(generated, (0, 30 - generated.shape[1]), value=-2).double()


class Rows(PairMetric):
    """How many texts there are, and how near each is to each source."""

    name, unit, minimise = "rows", FRACTION, False

    def parts(self, text: Tensor, source: Tensor, examples: Examples) -> Tensor:
        return torch.cat((text @ source.T, torch.full((len(examples), 1), len(text))), 1).double()


class Captions(MemoryTask):
    """Ragged texts beside images, asked from their third token on."""

    name = "captions"
    metrics = (Accuracy(), Ids(), Rows())
    signature = Signature(
        input=TokenInput(vocabulary=5, length=LENGTH),
        output=TokenOutput(vocabulary=5),
        source=ImageInput(channels=1, height=8, width=8),
    )
    symbols = Symbols(end=0)

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(0)
        inputs = torch.randint(5, (N, LENGTH), generator=generator)
        lengths = torch.randint(3, LENGTH, (N,), generator=generator)
        targets = inputs.roll(-1, 1)
        places = torch.arange(LENGTH)
        targets[(places < 2) | (places >= lengths[:, None])] = IGNORED
        source = Source(torch.rand(N, 1, 8, 8, generator=generator))
        examples = Examples(inputs=inputs, targets=targets, lengths=lengths, source=source)
        super().__init__(dict.fromkeys(Split, examples), data_hash="0")


@pytest.fixture(scope="module")
def task() -> Captions:
    return Captions()


@pytest.fixture(scope="module")
def model(task: Captions) -> PairModel:
    model = build(plain_architecture(task.signature, "dual"), task.signature, seed=0).eval()
    assert isinstance(model, PairModel)
    return model


@pytest.fixture(params=[4, 256], ids=["small batches", "one batch"])
def whole(request, monkeypatch: pytest.MonkeyPatch, task: Captions) -> Examples:
    """All examples, which are scored in batches of some size."""
    monkeypatch.setattr(evaluation, "_MOST_EXAMPLES", request.param)
    return task.examples(Split.VALIDATION)


def test_outputs_are_those_of_every_example_in_order(task: Captions, model: PairModel, whole: Examples) -> None:
    with torch.no_grad():
        expected = Accuracy().parts(model(whole.inputs, whole.lengths, whole.source), whole)
    found = evaluate(model, task, Split.VALIDATION, device=CPU)["accuracy"]
    assert torch.equal(found, expected) and found.dtype == torch.float64


def test_ids_are_those_of_greedy_decoding_up_to_the_end_symbol(
    task: Captions, model: PairModel, whole: Examples
) -> None:
    found = evaluate(model, task, Split.VALIDATION, device=CPU)["ids"]
    expected = generate(model, whole, task.symbols.end)
    assert len(found) == N
    for row, answer in zip(found.long().tolist(), expected.tolist(), strict=True):
        own = [token for token in row if token >= 0]
        assert own == [token for token in answer if token >= 0][: len(own)] and row.count(-2) >= 30 - len(answer)


def test_vectors_are_those_of_the_whole_split_at_once(task: Captions, model: PairModel, whole: Examples) -> None:
    found = evaluate(model, task, Split.VALIDATION, device=CPU)["rows"]
    with torch.no_grad():
        pair = model.pair(whole.inputs, whole.lengths, whole.source)
    torch.testing.assert_close(found[:, :N].float(), pair.text @ pair.source.T, rtol=1e-4, atol=1e-4)
    assert found[:, -1].tolist() == [N] * N


def test_what_is_no_model_gives_neither_tokens_nor_vectors(task: Captions, model: PairModel) -> None:
    found = evaluate(lambda inputs, lengths, source: model(inputs, lengths, source), task, Split.TEST, device=CPU)
    assert found.keys() == {"accuracy"}


def test_a_model_without_vectors_is_scored_by_the_rest(task: Captions) -> None:
    plain = build(plain_architecture(task.signature), task.signature, seed=0).eval()
    assert evaluate(plain, task, Split.TEST, device=CPU).keys() == {"accuracy", "ids"}


@pytest.mark.parametrize(("most", "batches"), [(4, 3), (256, 1)])
def test_a_caller_is_let_in_before_every_batch(
    task: Captions, model: PairModel, monkeypatch: pytest.MonkeyPatch, most: int, batches: int
) -> None:
    monkeypatch.setattr(evaluation, "_MOST_EXAMPLES", most)
    waits: list[int] = []
    evaluate(model, task, Split.TEST, device=CPU, between_batches=lambda: waits.append(1))
    assert len(waits) == batches


def test_nothing_is_left_for_a_gradient(task: Captions, model: PairModel) -> None:
    assert not any(part.requires_grad for part in evaluate(model, task, Split.TEST, device=CPU).values())


class Broken(Accuracy):
    """A metric of another package: this module is no part of ours."""

    def parts(self, outputs: Tensor, examples: Examples) -> Tensor:
        raise ValueError("no such column")


def test_what_another_packages_metric_raises_is_told_in_a_sentence(monkeypatch) -> None:
    task = open_task("digits")
    monkeypatch.setattr(type(task), "metrics", (Broken(),))
    with pytest.raises(TrainingFailed, match=r"metric accuracy of .*test_evaluation raised ValueError: no such column"):
        evaluate(lambda x, lengths, source: torch.zeros(len(x), 10), task, Split.VALIDATION, device=CPU)
