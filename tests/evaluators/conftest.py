from dataclasses import replace
from typing import Any

import pytest
import torch

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ClassOutput, DenseOutput, Input, SeriesInput, Signature, TokenInput
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.contract import Model
from paretoformer.search_spaces.registry import config_from_json


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class FirstToken(MemoryTask):
    """Ragged sequences of tokens 0 to 3; the class is the first token's."""

    name = "first-token"
    about = About(title="", data="", licence="", baseline="")
    metrics = (Accuracy(),)
    signature = Signature(input=TokenInput(vocabulary=4, length=6), output=ClassOutput(classes=4))
    recipe = Recipe(batch=8, budget=72, learning_rate=0.05)

    def __init__(self) -> None:
        super().__init__({split: self._draw(seed) for seed, split in enumerate(Split)}, data_hash="0")

    def _draw(self, seed: int) -> Examples:
        generator = torch.Generator().manual_seed(seed)
        inputs = torch.randint(0, 4, (50, 6), generator=generator)
        lengths = torch.randint(1, 6, (50,), generator=generator)
        return Examples(inputs=inputs, targets=inputs[:, 0].clone(), lengths=lengths)


class Lookup(Model):
    """A table read at the first token, then dropout where asked; remembers the widths that it was given."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(4, 8)
        self.dropout = torch.nn.Dropout(dropout)
        self.head = torch.nn.Linear(8, 4)
        self.widths: list[int] = []

    def forward(self, inputs, lengths=None, source=None):
        self.widths.append(inputs.shape[1])
        return self.head(self.dropout(self.table(inputs[:, 0])))


@pytest.fixture
def first_token() -> FirstToken:
    return FirstToken()


@pytest.fixture
def lookup():
    def build(seed: int = 0, dropout: float = 0.0) -> Lookup:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return Lookup(dropout)

    return build


@pytest.fixture
def quarter_of_the_budget():
    return lambda recipe: replace(recipe, budget=recipe.budget // 4)


def plain_architecture(signature: Signature, topology: str | None = None) -> Architecture:
    """Two plain blocks 32 wide in each stack of a topology: the one named, or one that serves the signature."""
    name = topology or _topology(signature)
    bodies = {"mixer": "softmax", "cross": "softmax", "feedforward": "gelu"}

    def stack(stack_name: str, roles: tuple[str, ...]) -> dict[str, Any]:
        block = [{"role": role, "body": {"name": bodies[role]}, "norm": {"name": "layer"}} for role in roles]
        position = {"name": "none" if roles == ("cross",) else "learned"}
        return {"name": stack_name, "width": 32, "position": position, "blocks": [block, block]}

    roles = config_from_json("topology", name).roles
    stacks = [stack(stack_name, role.branches) for stack_name, role in roles.items()]
    made = {"topology": {"name": name}, "stem": _stem(signature.input, 1), "stacks": stacks}
    if signature.source is not None and name != "siamese":
        made["source"] = _stem(signature.source, 4)
    return Architecture.from_json(made)


def _topology(signature: Signature) -> str:
    if isinstance(signature.output, DenseOutput):
        return "siamese"
    if signature.source is not None:
        return "encoder-decoder"
    return "decoder" if signature.causal else "encoder"


def _stem(given: Input, frame: int) -> dict[str, Any]:
    if isinstance(given, TokenInput):
        return {"name": "tokens"}
    if isinstance(given, SeriesInput):
        return {"name": "frames", "size": frame}
    sides = (given.height, given.width)
    return {
        "name": "patches",
        "size": next(size for size in (4, 2, 7, 5, 3, 1) if not any(side % size for side in sides)),
    }
