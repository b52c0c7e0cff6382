from itertools import groupby, product
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.byte_text import END, SYMBOLS, VOCABULARY, written_after
from paretoformer.evaluators.criteria.ctc import text_loss
from paretoformer.evaluators.criteria.ctc_ot import CtcOt, divergence
from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metrics.bits_per_byte import BitsPerByte
from paretoformer.evaluators.task import About
from paretoformer.evaluators.trainer import Trainer
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import SeriesInput, Signature, TokenInput, TokenOutput
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Model, Source

LETTERS = "abcd"


class Spelling(MemoryTask):
    """Two letters, each sounding for 2 to 4 steps as a vector of its own with noise."""

    name = "spelling"
    about = About(title="", data="", licence="", baseline="")
    metrics = (BitsPerByte(),)
    signature = Signature(
        input=TokenInput(vocabulary=VOCABULARY, length=3),
        output=TokenOutput(vocabulary=VOCABULARY),
        source=SeriesInput(channels=4, length=8),
    )
    recipe = Recipe(criterion="ctc", batch=16, budget=960, learning_rate=1e-2)
    symbols = SYMBOLS

    def __init__(self) -> None:
        super().__init__({split: self._draw(seed) for seed, split in enumerate(Split)}, data_hash="0")

    def _draw(self, seed: int) -> Examples:
        generator = torch.Generator().manual_seed(seed)
        texts, rows = [], []
        for _ in range(64):
            letters = torch.randint(0, 4, (2,), generator=generator)
            times = torch.randint(2, 5, (2,), generator=generator)
            texts.append("".join(LETTERS[letter] for letter in letters))
            rows.append(torch.eye(4)[letters.repeat_interleave(times)])
        series = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        series = series + 0.1 * torch.randn(series.shape, generator=generator)
        return written_after(Source(series, torch.tensor([len(row) for row in rows])), texts)


def encoder_decoder(task: MemoryTask) -> Model:
    norm = {"name": "layer"}
    mixer = {"role": "mixer", "body": {"name": "softmax", "heads": 2}, "norm": norm}
    cross = {"role": "cross", "body": {"name": "softmax", "heads": 2}, "norm": norm}
    ffn = {"role": "feedforward", "body": {"name": "gelu", "ratio": 2}, "norm": norm}
    stacks = [
        {"name": name, "width": 16, "position": {"name": "learned"}, "blocks": [block], "final_norm": norm}
        for name, block in (("encoder", [mixer, ffn]), ("decoder", [mixer, cross, ffn]))
    ]
    given = {"topology": {"name": "encoder-decoder"}, "stem": {"name": "tokens"}, "source": {"name": "frames"}}
    return build(Architecture.from_json({**given, "stacks": stacks}), task.signature, seed=0)


def said(alignment: tuple[int, ...], blank: int) -> tuple[int, ...]:
    return tuple(token for token, _ in groupby(alignment) if token != blank)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 5), st.lists(st.integers(0, 1), min_size=1, max_size=3))
def test_it_sums_over_all_alignments(seed: int, frames: int, text: list[int]) -> None:
    scores = torch.randn(1, frames, 3, generator=torch.Generator().manual_seed(seed))
    chances = scores[0].softmax(-1)
    total = sum(
        torch.stack([chances[frame, token] for frame, token in enumerate(alignment)]).prod().item()
        for alignment in product(range(3), repeat=frames)
        if said(alignment, 2) == tuple(text)
    )
    found = text_loss(scores, None, torch.tensor([text]), torch.tensor([len(text)]))
    wanted = -torch.tensor(total).log() / len(text) if total else torch.tensor(0.0)
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


def test_frames_behind_a_series_change_nothing() -> None:
    scores = torch.randn(1, 6, 4, generator=torch.Generator().manual_seed(0))
    texts, lengths = torch.tensor([[0, 2]]), torch.tensor([2])
    cut = text_loss(scores[:, :4], None, texts, lengths)
    torch.testing.assert_close(text_loss(scores, torch.tensor([4]), texts, lengths), cut)


def test_the_texts_are_what_is_asked_without_the_end() -> None:
    task = Spelling()
    objective = criterion("ctc").bind(encoder_decoder(task), task)
    targets = torch.tensor([[-100, 7, 8, END], [5, END, -100, -100]])
    texts, lengths = objective.texts(Examples(inputs=targets, targets=targets))
    assert (texts[0, :2].tolist(), texts[1, :1].tolist(), lengths.tolist()) == ([7, 8], [5], [2, 1])


def test_the_decoder_trains_only_where_its_term_has_weight() -> None:
    task = Spelling()
    for text, trains in (("ctc", True), ("ctc:cross_entropy=0", False), ("ctc-ot:cross_entropy=0", False)):
        model = encoder_decoder(task)
        criterion(text).bind(model, task)(task.examples(Split.TRAIN), torch.Generator()).backward()
        assert any(parameter.grad is not None for parameter in model.decoder.parameters()) is trains
        assert any(parameter.grad is not None for parameter in model.encoder.parameters())


def test_the_terms_are_weighed_and_summed() -> None:
    task = Spelling()
    model, batch = encoder_decoder(task), task.examples(Split.TRAIN)

    def of(text: str) -> float:
        torch.manual_seed(0)
        return criterion(text).bind(model, task)(batch, torch.Generator()).item()

    assert of("ctc:weight=0.5,cross_entropy=3") == pytest.approx(
        of("ctc:cross_entropy=0") / 2 + 3 * of("ctc:weight=0"), rel=1e-5
    )
    apart = of("ctc-ot:weight=0,cross_entropy=0")
    assert of("ctc-ot:weight=0,cross_entropy=0,beta=0.1") == pytest.approx(apart / 10, rel=1e-4)


@pytest.mark.parametrize("detach", [True, False])
def test_a_detached_text_encoder_is_not_trained(detach: bool) -> None:
    task = Spelling()
    objective = criterion(f"ctc-ot:detach={str(detach).lower()}").bind(encoder_decoder(task), task)
    objective(task.examples(Split.TRAIN), torch.Generator()).backward()
    assert all(parameter.grad is None for parameter in objective.text_encoder.parameters()) is detach


def states(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("weight", "changes"), [(0.0, False), (1.0, True)])
def test_the_order_of_the_text_matters_where_places_have_weight(weight: float, changes: bool) -> None:
    x, y, lengths = states(0, 1, 8, 4), states(1, 1, 5, 4), (torch.tensor([8]), torch.tensor([5]))
    options = CtcOt(position_weight=weight, eps=0.05, iterations=300)
    plain = divergence(x, lengths[0], y, lengths[1], options)
    turned = divergence(x, lengths[0], y.flip(1), lengths[1], options)
    assert (abs(plain - turned).item() > 1e-3) is changes


def test_each_utterance_has_masses_of_its_own() -> None:
    x, y, options = states(0, 2, 8, 4), states(1, 2, 5, 4), CtcOt()
    both = divergence(x, torch.tensor([8, 3]), y, torch.tensor([2, 5]), options)
    first = divergence(x[:1], torch.tensor([8]), y[:1, :2], torch.tensor([2]), options)
    second = divergence(x[1:, :3], torch.tensor([3]), y[1:], torch.tensor([5]), options)
    torch.testing.assert_close(both, (first + second) / 2)


def test_the_text_encoder_does_not_read_padding() -> None:
    task = Spelling()
    encoder = criterion("ctc-ot").bind(encoder_decoder(task), task).text_encoder
    ids = torch.tensor([[5, 6, 0]])
    other = torch.tensor([[5, 6, 9]])
    length = torch.tensor([2])
    torch.testing.assert_close(encoder(ids, length)[:, :2], encoder(other, length)[:, :2])


@pytest.mark.parametrize("text", ["ctc", "ctc-ot"])
def test_it_teaches_encoder_and_decoder(text: str) -> None:
    task = Spelling()
    recipe = Recipe(**{**task.recipe.to_json(), "criterion": text})
    (scores,) = Trainer(encoder_decoder(task), task, recipe, seed=0, rungs=1).run()
    assert scores[0].high < task.constant_scores()["bits_per_byte"]


def test_it_is_a_pre_training_of_a_recipe() -> None:
    task = Spelling()
    recipe = Recipe(
        criterion="cross-entropy", pretraining="ctc-ot:cross_entropy=0", batch=16, budget=960, learning_rate=1e-2
    )
    (scores,) = Trainer(encoder_decoder(task), task, recipe, seed=0, rungs=1).run()
    assert scores[0].high < task.constant_scores()["bits_per_byte"]


@pytest.mark.parametrize(
    "text", ["ctc:weight=-1", "ctc:cross_entropy=nan", "ctc-ot:beta=-1", "ctc-ot:eps=0", "ctc-ot:iterations=0"]
)
def test_options_out_of_range_are_refused_by_name(text: str) -> None:
    with pytest.raises(UserError, match=text.partition(":")[2].partition("=")[0]):
        criterion(text)


def test_a_task_without_a_series_beside_it_is_named() -> None:
    signature = Signature(input=TokenInput(vocabulary=9, length=4), output=TokenOutput(vocabulary=9))
    (problem,) = criterion("ctc-ot").problems(SimpleNamespace(name="plain", signature=signature))
    assert problem.startswith("criterion ctc-ot reads a text off a series") and "plain" in problem
