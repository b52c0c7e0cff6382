"""Training that is resumed from a rung ends as if nothing had happened, bit for bit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from paretoformer.evaluators import phase
from paretoformer.evaluators.criterion import Criterion, Objective, criterion
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.task import Task
from paretoformer.evaluators.trainer import Trainer, rung_steps
from paretoformer.records.recipe import Recipe
from paretoformer.search_spaces.contract import Model


@dataclass(frozen=True, kw_only=True)
class Drawing(Criterion):
    """Cross-entropy through a layer of its own, of inputs that are partly drawn anew; remembers how often it was asked."""

    def bind(self, model: Model, task: Task) -> "DrawingObjective":
        return DrawingObjective(model)


class DrawingObjective(Objective):
    asked: list[int] = []

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.own = nn.Linear(4, 4)
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, batch: Examples, generator: torch.Generator) -> Tensor:
        drawn = torch.randint(4, batch.inputs.shape, generator=generator)
        hidden = torch.rand(batch.inputs.shape, generator=generator) < 0.3
        outputs = self.own(self.model(torch.where(hidden, drawn, batch.inputs), batch.lengths))
        self.calls += 1
        self.asked.append(int(drawn.sum()))
        return nn.functional.cross_entropy(outputs, batch.targets) + 0.01 * self.calls.sum()


@pytest.fixture(autouse=True)
def drawing(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[DrawingObjective]]:
    """A criterion named `drawing` beside the registered ones."""
    monkeypatch.setattr(phase, "criterion", lambda text: Drawing() if text == "drawing" else criterion(text))
    DrawingObjective.asked.clear()
    yield DrawingObjective


class Clock:
    """A second later each time it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


RECIPES = {
    "plain": {},
    "drawing": {"criterion": "drawing"},
    "pretraining": {"pretraining": "drawing", "pretraining_share": 0.5},
    "two": {"pretraining": "cross-entropy:smoothing=0.1", "criterion": "drawing", "pretraining_share": 0.3},
}


def trainer(first_token: Task, lookup, recipe: Recipe, seed: int = 0) -> Trainer:
    return Trainer(lookup(seed, dropout=0.5), first_token, recipe, seed=3, clock=Clock())


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("rung", [0, 1, 2])
@pytest.mark.parametrize("name", RECIPES)
def test_a_training_resumed_from_a_file_ends_as_the_unbroken_one(
    first_token: Task, lookup, tmp_path: Path, name: str, rung: int
) -> None:
    recipe = replace(first_token.recipe, **RECIPES[name])
    whole = trainer(first_token, lookup, recipe)
    scores = list(whole.run())
    broken = trainer(first_token, lookup, recipe)
    for reached, _ in enumerate(broken.run()):
        if reached == rung:
            break
    save_file(broken.snapshot(), tmp_path / "snapshot.safetensors")
    resumed = trainer(first_token, lookup, recipe, seed=1)  # other weights, which the snapshot replaces
    resumed.resume(load_file(tmp_path / "snapshot.safetensors"))
    torch.rand(5)
    assert list(resumed.run()) == scores[rung + 1 :]
    assert same(resumed.snapshot(), whole.snapshot())


def test_a_snapshot_does_not_change_while_training_goes_on(first_token: Task, lookup) -> None:
    going = trainer(first_token, lookup, first_token.recipe)
    rungs = going.run()
    next(rungs)
    taken = going.snapshot()
    before = {name: tensor.clone() for name, tensor in taken.items()}
    next(rungs)
    assert same(taken, before) and not same(taken, going.snapshot())


def test_a_snapshot_changes_nothing_in_the_training(first_token: Task, lookup) -> None:
    whole, watched = (trainer(first_token, lookup, first_token.recipe) for _ in range(2))
    scores = list(whole.run())
    found = []
    for rung in watched.run():
        watched.snapshot()
        found.append(rung)
    assert found == scores and same(watched.snapshot(), whole.snapshot())


def test_all_rungs_come_after_pretraining(first_token: Task, lookup, drawing) -> None:
    recipe = replace(first_token.recipe, **RECIPES["pretraining"])
    before = recipe.pretraining_steps
    assert (recipe.steps, before) == (9, 4)
    going = trainer(first_token, lookup, recipe)
    rungs = [rung[0].examples for rung in going.run()]
    assert len(drawing.asked) == before
    assert rungs == [step * recipe.batch for step in rung_steps(recipe, 3)] == [40, 48, 72]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_pretraining_takes_its_share_of_the_steps(first_token: Task, lookup, drawing, share: float) -> None:
    recipe = replace(first_token.recipe, pretraining="drawing", pretraining_share=share, budget=160)
    list(trainer(first_token, lookup, recipe).run())
    assert len(drawing.asked) == share * recipe.steps


def test_what_follows_pretraining_trains_what_it_left(first_token: Task, lookup) -> None:
    plain = replace(first_token.recipe, budget=40)
    after = replace(first_token.recipe, budget=80, pretraining="drawing")
    models = []
    for recipe in (plain, after):
        one = trainer(first_token, lookup, recipe)
        list(one.run())
        models.append(one.model.state_dict())
    assert after.steps - after.pretraining_steps == plain.steps and not same(*models)


def test_parameters_of_a_criterion_are_trained_beside_the_models(first_token: Task, lookup) -> None:
    going = trainer(first_token, lookup, replace(first_token.recipe, criterion="drawing"))
    rungs = going.run()
    next(rungs)
    before = going.snapshot()
    list(rungs)
    after = going.snapshot()
    assert not torch.equal(before["objective.own.weight"], after["objective.own.weight"])
    assert not any(name.startswith("own") for name in going.model.state_dict())


def test_what_a_criterion_draws_follows_seed_and_step_alone(first_token: Task, lookup, drawing) -> None:
    runs = []
    for model_seed in (0, 1):
        drawing.asked.clear()
        list(trainer(first_token, lookup, replace(first_token.recipe, criterion="drawing"), model_seed).run())
        runs.append(list(drawing.asked))
    assert runs[0] == runs[1] and len(set(runs[0])) > 1
