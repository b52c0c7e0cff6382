"""The registry of choices."""

from dataclasses import dataclass, fields

import pytest

from paretoformer.records.errors import UserError
from paretoformer.records.papers import PAPERS
from paretoformer.search_spaces import registry
from paretoformer.search_spaces.contract import ChoiceConfig


def test_every_folder_of_choices_has_some(places) -> None:
    assert all(registry.choices(kind) for kind in registry.FOLDERS)


def test_choices_are_sorted_by_name() -> None:
    for kind in registry.FOLDERS:
        names = [choice.name for choice in registry.choices(kind)]
        assert names == sorted(names)


def test_a_choice_is_found_by_its_name(any_choice) -> None:
    assert registry.choice(any_choice.kind, any_choice.name) is any_choice
    assert any_choice.config.choice is any_choice


def test_every_field_has_a_default(any_choice) -> None:
    assert any_choice.config() == any_choice.config()


def test_a_config_is_frozen_and_hashable(any_choice) -> None:
    config = any_choice.config()
    assert hash(config) == hash(any_choice.config())
    with pytest.raises(AttributeError):
        config.anything = 1


def test_a_choice_says_where_it_comes_from(any_choice) -> None:
    assert any_choice.papers or "Source" in (any_choice.config.__doc__ or "")
    assert set(any_choice.papers) <= set(PAPERS)


def test_annotations_of_fields_are_types_and_not_their_names(any_choice) -> None:
    assert not any(isinstance(item.type, str) for item in fields(any_choice.config))


def test_an_unknown_choice_is_refused_with_the_names() -> None:
    with pytest.raises(UserError, match="'softmaxx' is not a mixer; mixers: .*linear.*softmax"):
        registry.choice("mixer", "softmaxx")


def test_a_bare_name_is_the_default_config(any_choice) -> None:
    assert registry.config_from_json(any_choice.kind, any_choice.name) == any_choice.config()


def test_json_without_a_name_is_refused_with_the_names() -> None:
    with pytest.raises(UserError, match="norms: .*layer"):
        registry.config_from_json("norm", {"eps": 1e-3})


def test_a_name_cannot_be_taken_twice() -> None:
    with pytest.raises(ValueError, match="mixer softmax is registered twice"):

        @registry.register("mixer", "softmax")
        @dataclass(frozen=True, kw_only=True)
        class Again(ChoiceConfig):
            """Not another one."""


def test_an_unknown_kind_cannot_be_registered() -> None:
    with pytest.raises(ValueError, match="mixture is not a kind of choice; kinds: mixer"):

        @registry.register("mixture", "any")
        @dataclass(frozen=True, kw_only=True)
        class Odd(ChoiceConfig):
            """Of no kind."""
