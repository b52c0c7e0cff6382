import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.records.signature import ClassOutput, Signature, TokenInput
from paretoformer.records.trial import Point
from paretoformer.search_spaces.catalogue import load_space, space_names
from paretoformer.search_spaces.space import SearchSpace

TEXT = Signature(input=TokenInput(vocabulary=20, length=8), output=ClassOutput(classes=3))
SEEDS = st.integers(0, 2**31)


@st.composite
def small_spaces(draw: st.DrawFn) -> SearchSpace:
    """Spaces of one or two topologies with shared, per-stack, per-layer, conditional and tied dimensions."""
    topologies = draw(st.sampled_from([["decoder"], ["encoder"], ["encoder", "decoder"], ["decoder", "encoder"]]))
    per = st.sampled_from(["stack", "layer"])
    dimensions: dict[str, Any] = {"width": draw(st.sampled_from([8, [8, 16]])), "depth": {"from": 1, "to": 2}}
    for stack in topologies:
        mixers = draw(st.lists(st.sampled_from(["softmax", "linear", "identity"]), min_size=1, max_size=3, unique=True))
        dimensions[f"{stack}.mixer"] = {"choose": mixers, "per": draw(per)}
        if {"softmax", "linear"} & set(mixers):
            heads: dict[str, Any] = {"choose": [1, 2]}
            dimensions[f"{stack}.mixer.heads"] = heads | draw(st.sampled_from([{}, {"per": "stack"}]))
            if draw(st.booleans()):
                when = {"when": f"{stack}.mixer.heads == 2"}
                dimensions[f"{stack}.mixer.kv_heads"] = {"choose": [1, 2]} | draw(st.sampled_from([{}, when]))
    optional = {
        "norm": ["layer", "rms"],
        "mixer.norm": ["layer", "none"],
        f"{topologies[0]}.norm": {"choose": ["layer", "rms"], "per": "layer"},
        "norm.bias": [True, False],
        "stem.tied": [True, False],
        "position": ["none", "learned", "sinusoidal"],
        "placement": {"choose": ["pre", "post"], "when": "depth == 2"},
        "feedforward.ratio": {"choose": [1, 2], "with": "stem.tied"},
    }
    for address in draw(st.sets(st.sampled_from(sorted(optional)), max_size=3)):
        dimensions[address] = optional[address]
    if "feedforward.ratio" in dimensions:
        dimensions["stem.tied"] = optional["stem.tied"]
    if "norm.bias" in dimensions and not {"norm", "mixer.norm"} & dimensions.keys():
        del dimensions["norm.bias"]
    if len(topologies) == 1 and f"{topologies[0]}.norm" in dimensions and "norm" in dimensions:
        del dimensions["norm"]
        dimensions.pop("norm.bias", None)
    if f"{topologies[0]}.norm" in dimensions:
        dimensions.pop("mixer.norm", None)
        dimensions.pop("norm.bias", None)
    return SearchSpace.from_dict({"name": "drawn", "topology": topologies, "stem": "tokens", "dimensions": dimensions})


def is_exact(space: SearchSpace, point: Point) -> bool:
    return space.trim(space.fill(point)) == point and set(point) <= {gene.key for gene in space.genes}


@settings(deadline=None, max_examples=40)
@given(small_spaces(), SEEDS)
def test_sampled_mutated_and_crossed_points_hold_exactly_the_active_genes(space: SearchSpace, seed: int) -> None:
    rng = random.Random(seed)
    first, second = space.sample(rng), space.sample(rng)
    for point in (first, second, space.mutate(first, rng), space.crossover(first, second, rng)):
        assert is_exact(space, point)
        space.decode(point)


@settings(deadline=None, max_examples=40)
@given(small_spaces(), SEEDS)
def test_a_mutation_changes_a_gene_that_stays_active(space: SearchSpace, seed: int) -> None:
    rng = random.Random(seed)
    before = space.sample(rng)
    after = space.mutate(before, rng)
    assert not before or any(after[key] != before[key] for key in before.keys() & after.keys())


@settings(deadline=None, max_examples=40)
@given(small_spaces(), SEEDS)
def test_a_child_takes_shared_genes_from_its_parents(space: SearchSpace, seed: int) -> None:
    rng = random.Random(seed)
    first, second = space.sample(rng), space.sample(rng)
    child = space.crossover(first, second, rng)
    assert all(child[key] in (first[key], second[key]) for key in child if key in first and key in second)


@settings(deadline=None, max_examples=25)
@given(small_spaces())
def test_the_count_is_the_number_of_points_listed(space: SearchSpace) -> None:
    count = space.count()
    if count is not None and count <= 2_000:
        listed = list(space.enumerate())
        assert len(listed) == count
        assert len({tuple(sorted(point.items())) for point in listed}) == count
        assert all(is_exact(space, point) for point in listed[:50])


@settings(deadline=None, max_examples=25)
@given(small_spaces(), SEEDS)
def test_every_gene_has_one_number_between_zero_and_one(space: SearchSpace, seed: int) -> None:
    encoded = space.encode(space.sample(random.Random(seed)))
    assert len(encoded) == len(space.genes) and all(0.0 <= number <= 1.0 for number in encoded)


@settings(deadline=None, max_examples=25)
@given(small_spaces(), SEEDS)
def test_a_point_and_its_full_form_decode_to_one_digest_every_time(space: SearchSpace, seed: int) -> None:
    point = space.sample(random.Random(seed))
    again = SearchSpace.from_json(space.to_json())
    digests = {
        space.decode(point).architecture.digest,
        space.decode(space.fill(point)).architecture.digest,
        again.decode(dict(reversed(point.items()))).architecture.digest,
    }
    assert len(digests) == 1


@pytest.mark.parametrize("name", space_names())
def test_the_same_seed_gives_the_same_points(name: str) -> None:
    space = load_space(name)
    first, second = (space.sample(random.Random(7)) for _ in range(2))
    assert first == second
    assert space.mutate(first, random.Random(8)) == space.mutate(first, random.Random(8))


def test_a_long_stack_of_many_choices_is_counted_at_once() -> None:
    dimensions = {
        "depth": {"from": 1, "to": 40},
        "width": [32],
        "mixer": {"choose": ["softmax", "linear", "identity"], "per": "layer"},
        "mixer.heads": [1, 2],
    }
    space = SearchSpace.from_dict({"name": "long", "topology": "decoder", "stem": "tokens", "dimensions": dimensions})
    assert space.count() == sum((2 + 2 + 1) ** depth for depth in range(1, 41))


def test_all_active_genes_of_a_mutation_are_changed_somewhen() -> None:
    space = load_space("wide-or-deep")
    rng = random.Random(0)
    point = space.sample(rng)
    changed = {key for _ in range(50) for key, value in space.mutate(point, rng).items() if value != point[key]}
    assert changed == set(point)


def test_a_field_that_many_layers_share_is_counted_at_once() -> None:
    space = SearchSpace.from_dict(
        {
            "name": "shared",
            "topology": "decoder",
            "stem": "tokens",
            "dimensions": {
                "decoder.depth": 40,
                "decoder.width": 8,
                "decoder.mixer": {"choose": ["pooling", "linear"], "per": "layer"},
                "decoder.mixer.heads": {"choose": [1, 2, 4], "per": "model"},
            },
        },
        "shared",
    )
    assert space.count() == 3 * (2**40 - 1) + 1
