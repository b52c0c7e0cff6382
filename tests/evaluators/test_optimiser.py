import pytest
from torch import nn

from paretoformer.evaluators.optimiser import learning_rate, make_optimiser
from paretoformer.records.recipe import Recipe


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5, 3)
        self.head = nn.Linear(3, 5)
        self.head.weight = self.embedding.weight
        self.position = nn.Module()
        self.position.table = nn.Parameter(nn.Linear(3, 4).weight.detach())
        self.norm = nn.LayerNorm(3)
        self.hidden = nn.Linear(3, 3)
        self.fixed = nn.Parameter(nn.Linear(3, 3).weight.detach(), requires_grad=False)


def groups(decay: float) -> dict[float, list[nn.Parameter]]:
    model = Model()
    found = make_optimiser(model, Recipe(weight_decay=decay)).param_groups
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {group["weight_decay"]: sorted(names[id(p)] for p in group["params"]) for group in found}


def test_only_matrices_that_are_no_tables_decay() -> None:
    assert groups(0.3) == {
        0.3: ["hidden.weight"],
        0.0: ["embedding.weight", "head.bias", "hidden.bias", "norm.bias", "norm.weight", "position.table"],
    }


def test_the_rate_rises_linearly_to_the_recipes() -> None:
    recipe = Recipe(learning_rate=1.0, batch=1, budget=100, warmup=0.1)
    assert [learning_rate(recipe, step, recipe.steps) for step in range(10)] == pytest.approx(
        [(s + 1) / 10 for s in range(10)]
    )


def test_the_rate_then_falls_to_a_tenth() -> None:
    recipe = Recipe(learning_rate=1.0, batch=1, budget=100, warmup=0.1)
    rates = [learning_rate(recipe, step, recipe.steps) for step in range(9, 100)]
    assert rates == sorted(rates, reverse=True) and rates[-1] == pytest.approx(0.1)


@pytest.mark.parametrize("warmup", [0.0, 1.0])
def test_every_step_has_a_rate_for_extreme_warmups(warmup: float) -> None:
    recipe = Recipe(learning_rate=1.0, batch=4, budget=9, warmup=warmup)
    assert all(0 < learning_rate(recipe, step, recipe.steps) <= 1 for step in range(recipe.steps))
