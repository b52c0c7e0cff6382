from dataclasses import replace

import pytest
import torch

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ClassOutput, Signature, TokenInput
from paretoformer.search_spaces.contract import Model


@pytest.fixture(autouse=True)
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
