"""Recipes: how a model is trained."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretoformer.records.recipe import Recipe


@given(budget=st.integers(1, 10_000), batch=st.integers(1, 300))
def test_steps_cover_the_budget_with_less_than_a_batch_too_many(budget, batch) -> None:
    steps = Recipe(budget=budget, batch=batch).steps
    assert budget <= steps * batch < budget + batch


@pytest.mark.parametrize("name", [item.name for item in fields(Recipe)])
def test_every_field_changes_the_digest(name) -> None:
    value = getattr(Recipe(), name)
    others = {"criterion": "another", "precision": "bf16"}
    other = others.get(name) or 2 * value
    assert replace(Recipe(), **{name: other}).digest != Recipe().digest


def test_the_json_has_every_field() -> None:
    assert Recipe(**Recipe().to_json()) == Recipe()
