"""Identity, spelling and validity of architectures.

`golden/digests.json` holds the digest of every choice at its default and of a few whole architectures. A digest that
changes orphans every stored result, so the file is rewritten on purpose only:
`UPDATE_GOLDEN=1 python -m pytest tests/search_spaces/test_architecture.py`. New choices are added in the same way.
"""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.records.canonical import digest
from paretoformer.records.errors import InvalidArchitecture, UserError
from paretoformer.search_spaces import registry
from paretoformer.search_spaces.architecture import Architecture, Branch
from paretoformer.search_spaces.registry import config_from_json

GOLDEN = Path(__file__).parent / "golden" / "digests.json"
DEFAULTS = GOLDEN.with_name("defaults.json")
"""Every field of every choice with its default. Digests leave defaults out, so that a changed one would go unseen there."""


def plain(places, **configs) -> Architecture:
    """A small decoder, with given configs."""
    parts = {"topology": places.default("topology", "decoder"), "stem": places.default("stem", "tokens")}
    return places.assembled(**{**parts, **configs})


def mixed(places) -> Architecture:
    """A decoder whose blocks differ in everything that may differ."""
    linear = config_from_json("mixer", {"name": "linear", "heads": 2})
    one, two = plain(places), plain(places, mixer=linear, norm=places.default("norm", "rms"), placement="post")
    stack = replace(one.stacks[0], blocks=one.stacks[0].blocks + two.stacks[0].blocks, width=32)
    return replace(one, stacks=(stack,))


def image_encoder(places) -> Architecture:
    """An encoder of image patches with pooling."""
    return plain(
        places,
        topology=places.default("topology", "encoder"),
        stem=places.default("stem", "patches"),
        mixer=places.default("mixer", "pooling"),
        position=places.default("position", "learned"),
    )


def current_digests(places) -> dict[str, str]:
    found = {
        f"{kind} {choice}": digest(choice.config().to_json())
        for kind in registry.FOLDERS
        for choice in registry.choices(kind)
    }
    whole = {"plain": plain(places), "mixed": mixed(places), "image encoder": image_encoder(places)}
    return found | {f"architecture {name}": architecture.digest for name, architecture in whole.items()}


def test_digests_are_those_of_the_golden_file(places) -> None:
    current = current_digests(places)
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(current, indent=2, sort_keys=True) + "\n")
    golden = json.loads(GOLDEN.read_text())
    kept = {name: value for name, value in current.items() if name in golden}
    assert kept == golden, "a digest changed or a choice is gone: results stored under it are lost (see the docstring)"


def current_defaults() -> dict[str, dict]:
    choices = [choice for kind in registry.FOLDERS for choice in registry.choices(kind)]
    fields = {f"{choice.kind} {choice.name}": choice.config().__dict__ for choice in choices}
    return json.loads(json.dumps(fields))


def test_defaults_are_those_of_the_golden_file() -> None:
    current = current_defaults()
    if os.environ.get("UPDATE_GOLDEN"):
        DEFAULTS.write_text(json.dumps(current, indent=1, sort_keys=True) + "\n")
    golden = json.loads(DEFAULTS.read_text())
    kept = {name: {key: current[name][key] for key in fields} for name, fields in golden.items()}
    assert kept == golden, "a default changed: what is stored without it means something else now (see the docstring)"
    assert current == golden, "run this file with UPDATE_GOLDEN=1 to add new choices and fields"


def test_every_choice_is_in_the_golden_file(places) -> None:
    missing = current_digests(places).keys() - json.loads(GOLDEN.read_text()).keys()
    assert not missing, "run this file with UPDATE_GOLDEN=1 to add new choices"


def test_digests_of_all_choices_and_architectures_differ(places) -> None:
    by_kind = {(name.split()[0], value) for name, value in current_digests(places).items()}
    assert len(by_kind) == len(current_digests(places))


@pytest.mark.parametrize("make", [plain, mixed, image_encoder], ids=lambda make: make.__name__)
def test_an_architecture_comes_back_from_its_json(places, make) -> None:
    architecture = make(places)
    back = Architecture.from_json(json.loads(json.dumps(architecture.to_json())))
    assert back == architecture and back.digest == architecture.digest


@settings(deadline=None, max_examples=30)
@given(
    heads=st.sampled_from([1, 2, 4, 8]),
    kv_heads=st.sampled_from([None, 1, 2, 4, 8]),
    ratio=st.floats(0.5, 8),
    depth=st.integers(1, 3),
    width=st.integers(1, 512),
)
def test_any_fields_come_back_with_the_same_digest(places, heads, kv_heads, ratio, depth, width) -> None:
    mixer = config_from_json("mixer", {"name": "softmax", "heads": heads, "kv_heads": kv_heads})
    feedforward = config_from_json("feedforward", {"name": "gelu", "ratio": ratio})
    architecture = plain(places, mixer=mixer, feedforward=feedforward, depth=depth, width=width)
    assert Architecture.from_json(json.loads(json.dumps(architecture.to_json()))).digest == architecture.digest


def test_fields_at_their_default_are_left_out(places) -> None:
    branch = plain(places).to_json()["stacks"][0]["blocks"][0][0]
    assert branch == {"role": "mixer", "body": {"name": "softmax"}, "norm": {"name": "layer"}}


def test_a_field_off_its_default_is_written(places) -> None:
    mixer = config_from_json("mixer", {"name": "softmax", "heads": 8})
    assert plain(places, mixer=mixer).to_json()["stacks"][0]["blocks"][0][0]["body"] == {"name": "softmax", "heads": 8}


def test_as_many_kv_heads_as_heads_is_the_same_architecture(places) -> None:
    spelled = config_from_json("mixer", {"name": "softmax", "heads": 4, "kv_heads": 4})
    assert plain(places, mixer=spelled).digest == plain(places).digest


def test_fewer_kv_heads_is_another_architecture(places) -> None:
    grouped = config_from_json("mixer", {"name": "softmax", "heads": 4, "kv_heads": 2})
    assert plain(places, mixer=grouped).digest != plain(places).digest


def test_the_placement_of_no_norm_makes_no_difference(places) -> None:
    norm = places.default("norm", "none")
    assert plain(places, norm=norm, placement="post").digest == plain(places, norm=norm).digest


def test_the_placement_of_a_norm_makes_a_difference(places) -> None:
    assert plain(places, placement="post").digest != plain(places).digest


def with_branches(architecture: Architecture, **changes) -> Architecture:
    """Every branch changed."""
    stack = architecture.stacks[0]
    blocks = tuple(tuple(replace(branch, **changes) for branch in block) for block in stack.blocks)
    return replace(architecture, stacks=(replace(stack, blocks=blocks),))


@pytest.mark.parametrize(
    "change", [{"placement": "sandwich"}, {"layer_scale": 0.1}, {"layer_scale": 1.0}, {"residual_scale": True}], ids=str
)
def test_scales_and_the_sandwich_make_a_difference_and_are_read_back(places, change) -> None:
    changed = with_branches(plain(places), **change)
    assert changed.digest != plain(places).digest
    assert Architecture.from_json(changed.to_json()) == changed
    assert not changed.problems(places.signatures["text"])


@pytest.mark.parametrize("change", [{"loops": 3}, {"opening": True}], ids=str)
def test_what_a_stack_is_told_makes_a_difference_and_is_read_back(places, change) -> None:
    changed = replace(plain(places), stacks=(replace(plain(places).stacks[0], **change),))
    assert changed.digest != plain(places).digest
    assert Architecture.from_json(changed.to_json()) == changed
    assert not changed.problems(places.signatures["text"])


def test_an_opening_norm_that_is_none_says_nothing(places) -> None:
    without = with_branches(plain(places), norm=places.default("norm", "none"))
    opening = replace(without, stacks=(replace(without.stacks[0], opening=True),))
    assert opening.digest == without.digest


def test_an_opening_norm_is_there_or_not(places) -> None:
    wrong = replace(plain(places), stacks=(replace(plain(places).stacks[0], opening="yes"),))
    sentence = "stack decoder has the opening 'yes', and it takes true or false"
    assert sentence in wrong.problems(places.signatures["text"])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"layer_scale": 0.0}, "a mixer branch has the layer_scale 0.0, and it must be a number above 0"),
        ({"residual_scale": "yes"}, "a mixer branch has the residual_scale 'yes', and it takes true or false"),
    ],
)
def test_scales_that_cannot_be_are_refused(places, change, sentence) -> None:
    assert sentence in with_branches(plain(places), **change).problems(places.signatures["text"])


@pytest.mark.parametrize("change", [{"depth": 2}, {"width": 32}], ids=str)
def test_depth_and_width_make_a_difference(places, change) -> None:
    assert plain(places, **change).digest != plain(places).digest


def test_the_order_of_blocks_makes_a_difference(places) -> None:
    architecture = mixed(places)
    stack = architecture.stacks[0]
    turned = replace(architecture, stacks=(replace(stack, blocks=stack.blocks[::-1]),))
    assert turned.digest != architecture.digest


def test_a_raised_revision_changes_the_digest(places, monkeypatch) -> None:
    config = places.default("mixer", "softmax")
    before = plain(places).digest
    monkeypatch.setattr(type(config), "choice", replace(config.choice, revision=2))
    assert plain(places).digest != before
    assert config.to_json() == {"name": "softmax", "revision": 2}


def test_a_closing_norm_follows_a_norm_before_the_last_branch_only(places) -> None:
    assert plain(places).stacks[0].final_norm == places.default("norm", "layer")
    assert plain(places, placement="post").stacks[0].final_norm is None
    assert plain(places, norm=places.default("norm", "none")).stacks[0].final_norm is None


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (("topology",), "an architecture needs 'topology'"),
        (("stem",), "an architecture needs 'stem'"),
        (("stacks",), "an architecture needs 'stacks'"),
        (("stacks", 0, "width"), "stack decoder needs 'width'"),
        (("stacks", 0, "position"), "stack decoder needs 'position'"),
        (("stacks", 0, "blocks", 0, 0, "body"), "a mixer branch needs 'body'"),
        (("stacks", 0, "blocks", 0, 0, "role"), "a branch needs 'role'"),
    ],
    ids=str,
)
def test_json_without_a_part_is_refused_in_a_sentence(places, path, sentence) -> None:
    value = plain(places).to_json()
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    with pytest.raises(UserError, match=sentence):
        Architecture.from_json(value)


def test_an_unknown_role_is_refused_with_the_roles(places) -> None:
    value = plain(places).to_json()
    value["stacks"][0]["blocks"][0][0]["role"] = "mixture"
    with pytest.raises(UserError, match="'mixture' is not a role of a branch; roles: .*feedforward"):
        Architecture.from_json(value)


def test_an_unknown_placement_is_refused_with_the_placements(places) -> None:
    problems = plain(places, placement="around").problems(places.signatures["text"])
    assert problems == (
        "a mixer branch has its norm placed 'around', and placements are pre, post, sandwich",
        "a feedforward branch has its norm placed 'around', and placements are pre, post, sandwich",
    )


@pytest.mark.parametrize("width", [0, -4, 2.5, "wide"])
def test_a_width_that_is_none_is_refused(places, width) -> None:
    problems = plain(places, width=width).problems(places.signatures["text"])
    assert problems == (f"stack decoder has the width {width!r}, and it must be a whole number from 1",)


def test_a_stack_without_blocks_is_refused(places) -> None:
    assert plain(places, depth=0).problems(places.signatures["text"]) == (
        "stack decoder has no blocks, and it needs one",
    )


def test_blocks_of_other_branches_than_the_topology_asks_for_are_refused(places) -> None:
    architecture = plain(places)
    mixer: Branch = architecture.stacks[0].blocks[0][0]
    other = replace(architecture, stacks=(replace(architecture.stacks[0], blocks=((mixer,),)),))
    assert other.problems(places.signatures["text"]) == (
        "stack decoder has blocks of mixer, feedforward, and one has mixer",
    )


def test_check_raises_all_reasons_in_one_sentence(places) -> None:
    encoder_for_images = image_encoder(places)
    with pytest.raises(InvalidArchitecture, match="stem patches needs a grid, and the task gives a sequence") as caught:
        encoder_for_images.check(places.signatures["text"])
    assert len(caught.value.reasons) == 2


def test_check_passes_what_is_valid(places) -> None:
    image_encoder(places).check(places.signatures["image-class"])


def test_equal_problems_of_many_layers_are_told_once(places) -> None:
    odd = plain(places, mixer=config_from_json("mixer", {"name": "softmax", "heads": 3}), depth=4)
    assert odd.problems(places.signatures["text"]) == ("3 heads do not divide the width 16; heads that do: 1, 2, 4",)


def test_mixers_are_named_in_the_order_of_layers(places) -> None:
    assert mixed(places).mixers() == ("softmax", "linear")


def test_configs_are_all_those_of_the_tree(places) -> None:
    kinds = [config.choice.kind for config in mixed(places).configs]
    branches = ["mixer", "norm", "feedforward", "norm"]
    assert kinds == ["topology", "stem", "position", "exit", *branches, *branches]
