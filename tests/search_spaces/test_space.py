import json
import random
from dataclasses import replace
from typing import Any

import pytest

from paretoformer.records.errors import InvalidArchitecture, UserError
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import (
    ClassOutput,
    DenseOutput,
    ImageInput,
    SeriesInput,
    SeriesOutput,
    Signature,
    TokenInput,
    TokenOutput,
)
from paretoformer.search_spaces.catalogue import DEFAULTS, load_space, space_names, spaces_for
from paretoformer.search_spaces.contract import Capability, StackRole
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.dimension import Dimension
from paretoformer.search_spaces.mixers.identity import IdentityConfig
from paretoformer.search_spaces.registry import choices
from paretoformer.search_spaces.slots import OF_MODELS
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.search_spaces.topologies.decoder import DecoderConfig

TRANSLATED = Signature(
    input=TokenInput(vocabulary=256, length=64),
    output=TokenOutput(vocabulary=256),
    source=TokenInput(vocabulary=256, length=64),
)
CAPTIONED = replace(TRANSLATED, source=ImageInput(channels=3, height=16, width=16))
VIEWS = Signature(
    input=ImageInput(channels=3, height=16, width=16),
    output=DenseOutput(channels=4),
    source=ImageInput(channels=3, height=16, width=16),
)
IMAGES = Signature(input=ImageInput(channels=1, height=8, width=8), output=ClassOutput(classes=10))
TEXT = Signature(input=TokenInput(vocabulary=256, length=64), output=ClassOutput(classes=4))
NEXT = Signature(input=TokenInput(vocabulary=256, length=64), output=TokenOutput(vocabulary=256))
SERIES = Signature(input=SeriesInput(channels=3, length=64), output=ClassOutput(classes=4))
SERIES_SO_FAR = replace(SERIES, output=SeriesOutput(numbers=2, causal=True))
HEARD = replace(TRANSLATED, source=SeriesInput(channels=40, length=64))
SIGNATURES = (IMAGES, TEXT, NEXT, SERIES, SERIES_SO_FAR, TRANSLATED, HEARD, CAPTIONED, VIEWS)


def space(dimensions: dict[str, Any], *rules: str, topology: Any = "decoder", stem: Any = "tokens") -> SearchSpace:
    basics = {"depth": 2, "width": 16, "mixer": "softmax"}
    basics = {key: value for key, value in basics.items() if f"{topology}.{key}" not in dimensions}
    return SearchSpace.from_dict(
        {"name": "s", "topology": topology, "stem": stem, "dimensions": basics | dimensions, "rules": list(rules)}
    )


def keys(of: SearchSpace) -> list[str]:
    return [gene.key for gene in of.genes]


def test_a_value_for_each_layer_is_a_gene_for_each_layer_of_the_deepest() -> None:
    found = space({"depth": {"from": 1, "to": 3}, "decoder.mixer": {"choose": ["softmax", "linear"], "per": "layer"}})
    assert keys(found) == ["depth", "decoder.mixer[0]", "decoder.mixer[1]", "decoder.mixer[2]"]
    assert {len(found.sample(random.Random(seed))) for seed in range(20)} == {2, 3, 4}


def test_a_field_holds_where_its_choice_does_unless_it_says_otherwise() -> None:
    mixer = {"choose": ["softmax", "pooling"], "per": "layer"}
    assert "decoder.mixer.heads[1]" in keys(space({"decoder.mixer": mixer, "decoder.mixer.heads": [1, 2]}))
    once = {"choose": [1, 2], "per": "stack"}
    assert "decoder.mixer.heads" in keys(space({"decoder.mixer": mixer, "decoder.mixer.heads": once}))
    assert "decoder.mixer.heads[0]" in keys(space({"mixer": mixer, "mixer.heads": [1, 2]}))


def test_a_field_is_active_only_where_the_chosen_option_has_it() -> None:
    found = space({"decoder.mixer": {"choose": ["softmax", "pooling"], "per": "layer"}, "decoder.mixer.heads": [1, 2]})
    full = {**found.fill({}), "decoder.mixer[0]": "pooling", "decoder.mixer[1]": "softmax"}
    assert set(found.trim(full)) == {"decoder.mixer[0]", "decoder.mixer[1]", "decoder.mixer.heads[1]"}


def test_a_field_of_the_whole_stack_is_active_where_any_layer_has_it() -> None:
    found = space(
        {
            "decoder.mixer": {"choose": ["pooling", "softmax"], "per": "layer"},
            "decoder.mixer.heads": {"choose": [1, 2], "per": "stack"},
        }
    )
    assert "decoder.mixer.heads" not in found.trim(found.fill({}))
    assert "decoder.mixer.heads" in found.trim({**found.fill({}), "decoder.mixer[1]": "softmax"})


def test_a_field_that_follows_the_choice_of_a_condition_falls_to_the_default() -> None:
    found = space({"norm": {"choose": ["rms", "none"], "when": "width == 32"}, "width": [16, 32], "norm.bias": False})
    branch = found.decode({"width": 16}).architecture.stacks[0].blocks[0][0]
    assert branch.norm.to_json() == {"name": "layer", "bias": False}


def test_a_condition_decides_whether_a_gene_is_active() -> None:
    found = space(
        {"decoder.mixer.heads": [2, 4], "decoder.mixer.kv_heads": {"choose": [1, 2], "when": "mixer.heads == 4"}}
    )
    assert set(found.trim({"decoder.mixer.heads": 2, "decoder.mixer.kv_heads": 1})) == {"decoder.mixer.heads"}
    assert len(found.trim({"decoder.mixer.heads": 4, "decoder.mixer.kv_heads": 1})) == 2


def test_the_order_of_a_file_changes_neither_genes_nor_digest() -> None:
    one = space({"norm": ["layer", "rms"], "decoder.mixer.heads": [1, 2]}, "params <= 3", "width == 16")
    other = space({"decoder.mixer.heads": [1, 2], "norm": ["layer", "rms"]}, "width == 16", "params <= 3")
    assert keys(one) == keys(other) and one.digest == other.digest


def test_what_a_space_offers_changes_its_digest_and_its_title_does_not() -> None:
    base = space({"norm": ["layer", "rms"]})
    digests = {
        base.digest,
        space({"norm": ["rms", "layer"]}).digest,
        space({"norm": {"choose": ["layer", "rms"], "when": "width == 16"}}).digest,
        space({"norm": {"choose": ["layer", "rms"], "per": "layer"}}).digest,
        space({"norm": ["layer", "rms"]}, "params <= 3").digest,
        space({"norm": ["layer", "rms"]}, topology="encoder").digest,
    }
    assert len(digests) == 6
    assert SearchSpace.from_dict({**base.source, "title": "another", "name": "t"}).digest == base.digest


@pytest.mark.parametrize("name", space_names())
def test_a_space_comes_back_from_its_json(name: str) -> None:
    shipped = load_space(name)
    again = SearchSpace.from_json(json.loads(json.dumps(shipped.to_json(), sort_keys=True)))
    assert again.digest == shipped.digest and again.genes == shipped.genes


def test_a_stack_has_its_own_value_before_a_shared_one() -> None:
    found = space(
        {"norm": "rms", "decoder.mixer.norm": "none", "encoder.width": 32, "mixer.heads": 2},
        topology=["encoder", "decoder"],
    )
    by_topology = {name: found.decode({"topology": name}).architecture.stacks[0] for name in ("encoder", "decoder")}
    assert [stack.width for stack in by_topology.values()] == [32, 16]
    assert [[part.norm.choice.name for part in stack.blocks[0]] for stack in by_topology.values()] == [
        ["rms", "rms"],
        ["none", "rms"],
    ]


def test_genes_of_the_stacks_of_another_topology_are_inactive() -> None:
    found = space(
        {"encoder.position": ["none", "learned"], "decoder.position": ["none", "alibi"]},
        topology=["encoder", "decoder"],
    )
    for name, other in (("encoder", "decoder"), ("decoder", "encoder")):
        assert set(found.trim({**found.fill({}), "topology": name})) == {"topology", f"{name}.position"}, other


def test_a_shared_address_has_a_value_for_each_stack_that_has_none_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DecoderConfig, "roles", {name: StackRole() for name in ("first", "second", "third")})
    found = space(
        {
            "third.width": 64,
            "width": {"choose": [16, 32], "per": "stack"},
            "norm": {"choose": ["layer", "rms"], "per": "layer"},
        }
    )
    assert keys(found) == [
        *("first.width", "first.norm[0]", "first.norm[1]"),
        *("second.width", "second.norm[0]", "second.norm[1]"),
        *("third.norm[0]", "third.norm[1]"),
    ]
    stacks = found.decode({**found.fill({}), "second.width": 32}).architecture.stacks
    assert [(stack.name, stack.width) for stack in stacks] == [("first", 16), ("second", 32), ("third", 64)]


def test_a_rule_without_a_stack_holds_in_each_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DecoderConfig, "roles", {name: StackRole(causal=True) for name in ("first", "second")})
    monkeypatch.setattr(DecoderConfig, "signature_problems", lambda self, signature: ["unwired"])
    found = space({"width": {"choose": [16, 20], "per": "stack"}, "mixer.heads": 8}, "width % mixer.heads == 0")
    reasons = found.explain({"first.width": 16, "second.width": 20}, NEXT)
    assert reasons == ("rule width % mixer.heads == 0: 20 % 8 is 4 in second", "unwired")


def test_a_broken_rule_is_told_with_values_and_layer() -> None:
    found = space(
        {"width": 48, "decoder.mixer.heads": {"choose": [4, 5], "per": "layer"}},
        "decoder.width % decoder.mixer.heads == 0",
    )
    reasons = found.explain({"decoder.mixer.heads[0]": 4, "decoder.mixer.heads[1]": 5}, NEXT)
    assert reasons == (
        "rule decoder.width % decoder.mixer.heads == 0: 48 % 5 is 3 at layer 1",
        "5 heads do not divide the width 48; heads that do: 1, 2, 3, 4, 6, 8",
    )


def test_a_rule_says_nothing_of_an_inactive_name() -> None:
    found = space(
        {"decoder.mixer": {"choose": ["identity", "softmax"], "per": "layer"}, "decoder.mixer.heads": [3, 4]},
        "decoder.mixer.heads == 4",
    )
    point = {"decoder.mixer[0]": "identity", "decoder.mixer[1]": "softmax", "decoder.mixer.heads[1]": 4}
    assert found.explain(point, NEXT) == ()


def test_a_rule_may_bound_counts() -> None:
    found = space({}, "params <= 1k", "non_embedding_params < params", "macs > 0 and state_bytes <= 1KiB")
    counts = count(found.decode({}).architecture, NEXT)
    assert found.explain({}, NEXT) == (
        f"rule params <= 1k: params is {counts.params:,}",
        f"rule macs > 0 and state_bytes <= 1KiB: state_bytes is {counts.state_bytes:,}",
    )


def test_counts_are_not_asked_for_where_an_architecture_cannot_be_built() -> None:
    found = space({"decoder.mixer.heads": 3}, "params <= 1")
    assert found.explain({}, NEXT) == ("3 heads do not divide the width 16; heads that do: 1, 2, 4",)


def test_two_spellings_of_one_architecture_have_one_digest() -> None:
    found = space(
        {"decoder.mixer.heads": [2, 4], "decoder.mixer.kv_heads": [2, 4], "decoder.feedforward.ratio": [2, 4]}
    )
    same = {"decoder.mixer.heads": 4, "decoder.mixer.kv_heads": 4, "decoder.feedforward.ratio": 4}
    plain = space({}).decode({}).architecture
    assert found.decode(same).architecture.digest == plain.digest
    assert found.decode({**same, "decoder.mixer.kv_heads": 2}).architecture.digest != plain.digest


def test_a_value_with_another_dimension_has_the_place_of_that_ones_value_and_is_no_gene() -> None:
    found = space({"depth": [1, 2, 4], "decoder.mixer.heads": {"choose": [8, 4, 2], "with": "depth"}})
    assert keys(found) == ["depth"] and found.count() == len(list(found.enumerate())) == 3
    for depth, heads in ((1, 8), (2, 4), (4, 2)):
        stack = found.decode({"depth": depth}).architecture.stacks[0]
        assert [block[0].body.heads for block in stack.blocks] == [heads] * depth


def test_a_value_with_a_dimension_that_is_inactive_falls_to_the_default() -> None:
    found = space(
        {
            "decoder.mixer": ["identity", "softmax"],
            "decoder.mixer.heads": [2, 4],
            "decoder.feedforward.ratio": {"choose": [1, 2], "with": "decoder.mixer.heads"},
        }
    )
    ratios = [found.decode(point).architecture.stacks[0].blocks[0][1].body.ratio for point in found.enumerate()]
    assert ratios == [4, 1, 2] and found.count() == 3


def test_what_a_value_goes_with_changes_the_digest() -> None:
    free = {"decoder.depth": [1, 2], "decoder.width": [16, 32], "decoder.mixer.heads": [1, 2]}
    tied = [
        {**free, "decoder.mixer.heads": {"choose": [1, 2], "with": f"decoder.{name}"}} for name in ("depth", "width")
    ]
    assert len({space(dimensions).digest for dimensions in (free, *tied)}) == 3


def test_recipe_fields_are_decoded_beside_the_architecture() -> None:
    found = space({"recipe.learning_rate": {"from": 1e-4, "to": 1e-2, "log": True}, "recipe.batch": 32})
    changes = found.decode(found.sample(random.Random(0))).recipe_changes
    assert set(changes) == {"learning_rate", "batch"} and Recipe(**changes).batch == 32
    assert 1e-4 <= changes["learning_rate"] <= 1e-2


def test_a_space_with_a_range_of_real_numbers_has_no_count() -> None:
    found = space({"recipe.learning_rate": {"from": 1e-4, "to": 1e-2}})
    assert found.count() is None
    with pytest.raises(UserError, match="space s has endlessly many points, and at most 10,000 can be listed"):
        found.enumerate()


def test_a_large_space_is_not_listed() -> None:
    with pytest.raises(UserError, match="space wide-or-deep has 40 points, and at most 39 can be listed"):
        load_space("wide-or-deep").enumerate(limit=39)


@pytest.mark.parametrize(
    ("point", "sentence"),
    [
        ({}, "the point has no value for decoder.mixer.heads"),
        ({"decoder.mixer.heads": 3}, "decoder.mixer.heads is 3, and space s offers 2, 4"),
    ],
)
def test_a_point_that_is_none_of_the_space_is_refused(point: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidArchitecture, match=sentence):
        space({"decoder.mixer.heads": [2, 4]}).decode(point)


def test_choices_that_come_by_conversion_are_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    converted = IdentityConfig.choice.__class__(
        kind="mixer", name="identity", config=IdentityConfig, capabilities=frozenset({Capability.BY_CONVERSION})
    )
    monkeypatch.setattr(
        "paretoformer.search_spaces.space_checks.registry.choices",
        lambda kind: tuple(converted if each.name == "identity" else each for each in choices(kind)),
    )
    with pytest.raises(UserError, match="'identity' is not a mixer to choose; options: .*pooling"):
        space({"mixer": ["softmax", "identity"]})


@pytest.mark.parametrize("name", space_names())
def test_few_points_of_a_shipped_space_are_invalid(name: str, places) -> None:
    shipped = load_space(name)
    signature = places.published.get(name) or next(each for each in SIGNATURES if shipped.fits(each))
    rng = random.Random(0)
    invalid = sum(bool(shipped.explain(shipped.sample(rng), signature)) for _ in range(200))
    assert invalid <= 20


def of_models(dimension: Dimension) -> bool:
    return dimension.address.split(".")[0] in OF_MODELS


@pytest.mark.parametrize("kind", ["mixer", "position", "norm", "feedforward", "stem", "topology", "exit"])
def test_every_choice_that_can_be_sampled_is_offered_by_a_shipped_space(kind: str) -> None:
    offered = {
        value
        for name in space_names()
        for dimension in load_space(name).dimensions
        if dimension.address == kind or dimension.address.split(".")[-1] == kind and not of_models(dimension)
        for value in dimension.domain.values()
    }
    assert offered == {each.name for each in choices(kind) if Capability.BY_CONVERSION not in each.capabilities}


def test_each_signature_has_its_default_space_first() -> None:
    assert [spaces_for(signature)[0] for signature in SIGNATURES] == list(DEFAULTS)


def test_a_space_for_larger_images_is_none_for_small_ones() -> None:
    small, large = (
        Signature(input=ImageInput(channels=1, height=side, width=side), output=ClassOutput(classes=10))
        for side in (28, 224)
    )
    assert "modernisation-full" in spaces_for(large) and "pyramid-full" in spaces_for(large)
    assert not {"modernisation-full", "pyramid-full"} & set(spaces_for(small))


@pytest.mark.parametrize(
    ("name", "signature", "sentence"),
    [
        (
            "vision",
            NEXT,
            "space vision needs a grid, and the task gives a sequence of up to 64 tokens, asking for the next token; "
            "spaces for it: ",
        ),
        (
            "text-encoder",
            NEXT,
            "space text-encoder cannot serve a sequence of up to 64 tokens, asking for the next token: topology "
            "encoder sees the whole sequence, and the task gives a sequence of up to 64 tokens, asking for the next "
            "token; use a decoder; spaces for it: ",
        ),
        (
            "decoder",
            IMAGES,
            "space decoder needs a sequence of tokens, and the task gives a grid of 8 x 8 pixels, asking for "
            "10 classes; spaces for it: ",
        ),
    ],
)
def test_a_space_that_cannot_serve_a_task_says_why_and_which_can(
    name: str, signature: Signature, sentence: str
) -> None:
    with pytest.raises(UserError) as caught:
        load_space(name).check(signature)
    assert str(caught.value) == f"{sentence}{', '.join(spaces_for(signature))}."


def test_a_space_fits_where_one_of_its_stems_configs_does() -> None:
    odd = Signature(input=ImageInput(channels=1, height=7, width=7), output=ClassOutput(classes=2))
    load_space("vision").check(odd)
    with pytest.raises(
        UserError, match="patches of 2 pixels do not tile 7 x 7 pixels; sizes that do: 1; spaces for it: vision"
    ):
        load_space("wide-or-deep").check(odd)


def test_the_mixed_attention_of_paper_17_has_its_published_size() -> None:
    assert load_space("mixed-attention-full").count() == sum(3 * 45**depth for depth in (12, 13, 14))
