import math

import pytest
import torch

from paretoformer.evaluators.byte_text import SYMBOLS, VOCABULARY, written_after
from paretoformer.evaluators.criteria.contrastive_caption import ContrastiveCaption, contrastive_loss
from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metrics.bits_per_byte import BitsPerByte
from paretoformer.evaluators.metrics.retrieval import Recall
from paretoformer.evaluators.task import About
from paretoformer.evaluators.trainer import Trainer
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ImageInput, Signature, TokenInput, TokenOutput
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import PairModel, Source

COLOURS = {"red": (0,), "green": (1,), "blue": (2,), "yellow": (0, 1), "pink": (0, 2), "cyan": (1, 2)}
PLACES = ("north", "south")


class ShapesCaptions(MemoryTask):
    """Images of 8 x 8 with one coloured half; the text says its colour and which half."""

    name = "shapes-captions"
    about = About(title="", data="", licence="", baseline="")
    metrics = (Recall("text", 1), Recall("source", 1), BitsPerByte())
    signature = Signature(
        input=TokenInput(vocabulary=VOCABULARY, length=13),
        output=TokenOutput(vocabulary=VOCABULARY),
        source=ImageInput(channels=3, height=8, width=8),
    )
    recipe = Recipe(criterion="contrastive-caption", batch=12, budget=1200, learning_rate=5e-3)
    symbols = SYMBOLS

    def __init__(self) -> None:
        super().__init__({split: self._draw(seed) for seed, split in enumerate(Split)}, data_hash="0")

    def _draw(self, seed: int) -> Examples:
        images = 0.1 * torch.randn(12, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
        pairs = [(colour, place) for colour in COLOURS for place in PLACES]
        for image, (colour, place) in zip(images, pairs, strict=True):
            rows = slice(0, 4) if place == "north" else slice(4, 8)
            image[list(COLOURS[colour]), rows] += 1
        return written_after(Source(images), [f"{colour} {place}" for colour, place in pairs])


def dual(task: MemoryTask, contrast: str = "cascade") -> PairModel:
    norm = {"name": "layer"}
    mixer = {"role": "mixer", "body": {"name": "softmax", "heads": 2}, "norm": norm}
    cross = {"role": "cross", "body": {"name": "softmax", "heads": 2}, "norm": norm}
    ffn = {"role": "feedforward", "body": {"name": "gelu", "ratio": 2}, "norm": norm}
    stacks = [
        {"name": name, "width": 32, "position": {"name": "learned"}, "blocks": [block], "final_norm": norm}
        for name, block in (("encoder", [mixer, ffn]), ("unimodal", [mixer, ffn]), ("multimodal", [mixer, cross, ffn]))
    ]
    given = {
        "topology": {"name": "dual", "queries": 4, "contrast": contrast},
        "stem": {"name": "tokens"},
        "stacks": stacks,
    }
    model = build(Architecture.from_json({**given, "source": {"name": "patches", "size": 4}}), task.signature, seed=0)
    assert isinstance(model, PairModel)
    return model


def loss(text: torch.Tensor, source: torch.Tensor, scale: float, captions: list[int]) -> float:
    return contrastive_loss(text, source, torch.tensor(scale), torch.tensor(captions)[:, None]).item()


@pytest.mark.parametrize("batch", [2, 5])
@pytest.mark.parametrize("temperature", [0.07, 1.0])
def test_matched_vectors_at_right_angles_cost_what_the_formula_says(batch: int, temperature: float) -> None:
    found = loss(torch.eye(batch), 3 * torch.eye(batch), 1 / temperature, list(range(batch)))
    assert found == pytest.approx(math.log(1 + (batch - 1) * math.exp(-1 / temperature)), rel=1e-4, abs=1e-6)


def test_sources_of_equal_captions_are_right_in_equal_parts() -> None:
    vectors = torch.eye(3)[[0, 0, 1]]
    assert loss(vectors, vectors, 100.0, [7, 7, 8]) == pytest.approx(2 / 3 * math.log(2), rel=1e-4)
    assert loss(vectors, vectors, 100.0, [7, 8, 9]) > 0.4


def test_swapping_text_and_source_changes_nothing() -> None:
    generator = torch.Generator().manual_seed(0)
    text, source = torch.randn(4, 8, generator=generator), torch.randn(4, 8, generator=generator)
    assert loss(text, source, 5.0, [0, 1, 2, 3]) == pytest.approx(loss(source, text, 5.0, [0, 1, 2, 3]))


@pytest.mark.parametrize(("contrast", "reached"), [("parallel", False), ("cascade", True)])
def test_without_captions_only_the_cascade_trains_the_pooler_of_the_captions(contrast: str, reached: bool) -> None:
    task = ShapesCaptions()
    model = dual(task, contrast)
    objective = criterion("contrastive-caption:caption=0").bind(model, task)
    objective(task.examples(Split.TRAIN), torch.Generator()).backward()
    assert all(parameter.grad is None or not parameter.grad.any() for parameter in model.multimodal.parameters())
    grads = [parameter.grad for parameter in model.pooler.parameters()]
    assert any(grad is not None and bool(grad.any()) for grad in grads) is reached


def test_the_terms_are_weighed_and_summed() -> None:
    task = ShapesCaptions()
    model, batch = dual(task), task.examples(Split.TRAIN)

    def of(text: str) -> float:
        return criterion(text).bind(model, task)(batch, torch.Generator()).item()

    match, write = of("contrastive-caption:caption=0"), of("contrastive-caption:contrastive=0") / 2
    assert of("contrastive-caption:contrastive=3,caption=0.5") == pytest.approx(3 * match + write / 2, rel=1e-5)


def test_the_temperature_is_trained_and_clamped() -> None:
    task = ShapesCaptions()
    objective = criterion("contrastive-caption").bind(dual(task), task)
    assert objective.log_scale.item() == pytest.approx(math.log(1 / 0.07))
    with torch.no_grad():
        objective.log_scale.fill_(math.log(1e4))
    large = objective(task.examples(Split.TRAIN), torch.Generator())
    with torch.no_grad():
        objective.log_scale.fill_(math.log(100.0))
    assert large.item() == pytest.approx(objective(task.examples(Split.TRAIN), torch.Generator()).item(), rel=1e-4)


def test_it_trains_matching_and_writing_at_once() -> None:
    task = ShapesCaptions()
    (scores,) = Trainer(dual(task), task, task.recipe, seed=0, rungs=1).run()
    reached = {score.metric: score.value for score in scores}
    assert min(reached["recall_1_by_text"], reached["recall_1_by_source"]) > 0.6 and reached["bits_per_byte"] < 1.5


def test_a_topology_without_two_vectors_is_refused() -> None:
    task = ShapesCaptions()
    with pytest.raises(UserError, match="use topology dual"):
        ContrastiveCaption().bind(torch.nn.Identity(), task)


@pytest.mark.parametrize("options", ["contrastive=-1", "caption=nan", "contrastive=0,caption=0"])
def test_weights_that_mean_nothing_are_refused(options: str) -> None:
    with pytest.raises(UserError, match="must be at least 0|are 0"):
        criterion(f"contrastive-caption:{options}")
