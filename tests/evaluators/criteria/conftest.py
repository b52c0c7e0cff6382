"""Small tasks of every form that criteria tell apart, and models for them."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from paretoformer.evaluators.examples import IGNORED, Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.metrics.bits_per_byte import BitsPerByte
from paretoformer.evaluators.symbols import Symbols
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ClassOutput, ImageInput, Signature, TokenInput, TokenOutput
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Model, Source

VOCABULARY, LENGTH = 12, 14
BEGIN, END, MASK, STOP = 0, 1, 2, 3
SIGNATURES = {
    "classes": Signature(input=TokenInput(vocabulary=VOCABULARY, length=LENGTH), output=ClassOutput(classes=3)),
    "next": Signature(
        input=TokenInput(vocabulary=VOCABULARY, length=LENGTH), output=TokenOutput(vocabulary=VOCABULARY)
    ),
    "beside": Signature(
        input=TokenInput(vocabulary=VOCABULARY, length=LENGTH),
        output=TokenOutput(vocabulary=VOCABULARY),
        source=TokenInput(vocabulary=VOCABULARY, length=LENGTH),
    ),
    "image": Signature(input=ImageInput(channels=1, height=8, width=8), output=ClassOutput(classes=3)),
}
TOPOLOGIES = {"classes": "encoder", "next": "decoder", "beside": "encoder-decoder", "image": "encoder"}


class Toy(MemoryTask):
    """Random ragged texts between begin and end, or random images."""

    about = About(title="", data="", licence="", baseline="")
    recipe = Recipe(batch=16, budget=160)

    def __init__(self, form: str, symbols: Symbols) -> None:
        self.name, self.signature, self.symbols = f"toy-{form}", SIGNATURES[form], symbols
        self.metrics = (BitsPerByte(),) if form in ("next", "beside") else (Accuracy(),)
        super().__init__({split: _drawn(form, seed) for seed, split in enumerate(Split)}, data_hash="0")


def _drawn(form: str, seed: int) -> Examples:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(3, (32,), generator=generator)
    if form == "image":
        return Examples(inputs=torch.randn(32, 1, 8, 8, generator=generator), targets=labels)
    lengths = torch.randint(6, LENGTH, (32,), generator=generator)
    places = torch.arange(LENGTH)
    words = torch.randint(STOP, VOCABULARY, (32, LENGTH), generator=generator)
    if form == "classes":
        inputs = words.where(places < lengths[:, None] - 1, torch.tensor(END)).masked_fill(places == 0, BEGIN)
        return Examples(inputs=inputs, targets=labels, lengths=lengths)
    targets = words.masked_fill(places == lengths[:, None] - 1, END).masked_fill(places >= lengths[:, None], IGNORED)
    inputs = torch.cat((torch.full((32, 1), BEGIN), words[:, :-1]), 1)
    source = Source(words.flip(1), lengths) if form == "beside" else None
    return Examples(inputs=inputs, targets=targets, lengths=lengths, source=source)


@pytest.fixture
def toy() -> Callable[..., Toy]:
    def make(form: str, **symbols: int) -> Toy:
        return Toy(form, Symbols(begin=BEGIN, end=END, **symbols))

    return make


@pytest.fixture
def small() -> Callable[..., Model]:
    """A model of one width for a task: `mixer` in every layer, `position` in its stacks."""

    def make(task: MemoryTask, *, depth: int = 2, seed: int = 0, **changes: Any) -> Model:
        form = task.name.removeprefix("toy-")
        topology = changes.pop("topology", TOPOLOGIES[form])
        return build(_architecture(topology, form, depth, **changes), task.signature, seed=seed)

    return make


def _architecture(
    topology: str,
    form: str,
    depth: int,
    *,
    mixer: dict[str, Any] | None = None,
    position: str = "learned",
    own: str | None = None,
    stem: dict[str, Any] | None = None,
) -> Architecture:
    norm = {"name": "layer"}

    def branch(role: str, body: dict[str, Any]) -> dict[str, Any]:
        return {"role": role, "body": body, "norm": norm}

    mixing = branch("mixer", mixer or {"name": "softmax", "heads": 2})
    if own is not None:
        mixing["position"] = {"name": own}
    forward = branch("feedforward", {"name": "gelu", "ratio": 2})
    crossing = branch("cross", {"name": "softmax", "heads": 2})
    blocks = {"encoder": [mixing, forward], "decoder": [mixing, forward]}
    if topology == "encoder-decoder":
        blocks["decoder"] = [mixing, crossing, forward]
    names = topology.split("-")
    stacks = [
        {"name": name, "width": 16, "position": {"name": position}, "blocks": [blocks[name]] * depth} for name in names
    ]
    read = {"name": "patches", "size": 2} if form == "image" else {"name": "tokens"}
    return Architecture.from_json({"topology": {"name": topology}, "stem": stem or read, "stacks": stacks})
