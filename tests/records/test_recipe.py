"""Recipes: how a model is trained."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe


@given(budget=st.integers(1, 10_000), batch=st.integers(1, 300))
def test_steps_cover_the_budget_with_less_than_a_batch_too_many(budget, batch) -> None:
    steps = Recipe(budget=budget, batch=batch).steps
    assert budget <= steps * batch < budget + batch


@pytest.mark.parametrize("name", [item.name for item in fields(Recipe)])
def test_every_field_changes_the_digest(name) -> None:
    value = getattr(Recipe(), name)
    others = {"criterion": "another", "precision": "bf16", "pretraining": "another", "pretraining_share": 0.25}
    other = others.get(name) or 2 * value
    assert replace(Recipe(), **{name: other}).digest != Recipe().digest


@given(budget=st.integers(1, 10_000), batch=st.integers(1, 300), share=st.floats(0.01, 0.99))
def test_pretraining_takes_its_share_of_the_steps_to_the_nearest_one(budget, batch, share) -> None:
    recipe = Recipe(budget=budget, batch=batch, pretraining="another", pretraining_share=share)
    assert recipe.pretraining_steps < recipe.steps
    assert abs(recipe.pretraining_steps - share * recipe.steps) <= 0.5 or recipe.pretraining_steps == recipe.steps - 1
    assert replace(recipe, pretraining=None).pretraining_steps == 0


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_that_leaves_nothing_for_one_of_the_two_is_refused(share) -> None:
    with pytest.raises(UserError, match=rf"pretraining share is {share}; it lies between 0 and 1"):
        Recipe(pretraining_share=share)


def test_the_json_has_every_field() -> None:
    assert Recipe(**Recipe().to_json()) == Recipe()
