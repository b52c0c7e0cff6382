"""A sentence that refuses a value names one that stands."""

from dataclasses import replace

import pytest

from paretoformer.records.signature import ImageInput
from paretoformer.search_spaces.contract import ChoiceConfig, MemorySite, Site
from paretoformer.search_spaces.registry import choices, config_from_json

LINE, GRID = Site(width=16, length=48), Site(width=16, length=48, grid=(6, 8))
CAUSAL, CROSSED = replace(LINE, causal=True), replace(LINE, memory=MemorySite(width=16, length=48, placed=True))


def of(kind: str, name: str, **fields) -> ChoiceConfig:
    return config_from_json(kind, {"name": name, **fields})


@pytest.mark.parametrize(
    ("config", "site", "named", "mended"),
    [
        (of("mixer", "cosformer", axes="sum"), LINE, "use axes raster", {"axes": "raster"}),
        (of("mixer", "cosformer", axes="product"), CAUSAL, "use axes raster", {"axes": "raster"}),
        (of("mixer", "cosformer", prefix=True), CAUSAL, "set prefix to false", {"prefix": False}),
        (of("mixer", "cosformer", prefix=True, axes="sum"), GRID, "set prefix to false", {"prefix": False}),
        (of("mixer", "window", window=8, global_tokens=2), CAUSAL, "use global_tokens 0", {"global_tokens": 0}),
        (of("mixer", "performer", stabiliser="both"), CAUSAL, "use stabiliser query", {"stabiliser": "query"}),
        (
            of("mixer", "performer", stabiliser="both", kernel="relu"),
            LINE,
            "use stabiliser query",
            {"stabiliser": "query"},
        ),
        (of("mixer", "bigbird", block=48), LINE, "use blocks of at most 6, or mixer softmax", {"block": 6}),
        (of("mixer", "pooling", size=97), LINE, "use at most 95", {"size": 95}),
        (of("mixer", "pooling", size=13), GRID, "use at most 11", {"size": 11}),
        (of("mixer", "pooling", size=49), CAUSAL, "use at most 48", {"size": 48}),
        (of("mixer", "separable", size=13), GRID, "use at most 11", {"size": 11}),
        (
            of("mixer", "gnconv", order=5, filter="global"),
            GRID,
            "use filter local, or a width that is a multiple of 32",
            {"filter": "local", "size": 3},
        ),
        (of("position", "alibi", grid=True), LINE, "set grid to false", {"grid": False}),
        (of("position", "learned", grid=True), replace(GRID, width=15), "use an even one", None),
        (of("position", "sinusoidal", grid=True), replace(GRID, width=15), "use an even one", None),
        (of("position", "rotary", fraction=1.5), LINE, "use at most 1", {"fraction": 1.0}),
        (of("position", "t5", buckets=31), LINE, "use an even number", {"buckets": 30}),
        (of("position", "t5", farthest=8), LINE, "use at least 9", {"farthest": 9}),
        (of("position", "toeplitz", farthest=16, buckets=32), CAUSAL, "use at least 17", {"farthest": 17}),
        (of("feedforward", "moe", experts=4, active=5), LINE, "use at most 4", {"active": 4}),
    ],
)
def test_a_sentence_about_a_field_ends_in_a_value_that_stands(config, site, named, mended) -> None:
    (sentence,) = config.problems(site)
    assert sentence.endswith(f"; {named}")
    assert not list((config if mended is None else replace(config, **mended)).problems(site if mended else GRID))


def test_where_even_the_smallest_blocks_are_too_few_softmax_is_named() -> None:
    (sentence,) = of("mixer", "bigbird", block=1).problems(replace(LINE, length=7))
    assert sentence.endswith("; use mixer softmax")


def test_where_no_window_fits_identity_is_named() -> None:
    assert [*of("mixer", "pooling", size=3).problems(Site(width=16, length=1))] == [
        "mixer pooling has size 3, and a sequence of up to 1 tokens is narrower; use mixer identity"
    ]


@pytest.mark.parametrize(
    ("config", "site"),
    [
        (of("mixer", "linformer", rank=16), CAUSAL),
        (of("mixer", "pooling"), replace(LINE, memory=MemorySite(width=16, length=48))),
        (of("norm", "group"), CAUSAL),
        (of("position", "alibi"), CROSSED),
        (of("position", "shaw"), CROSSED),
    ],
    ids=str,
)
def test_a_choice_that_cannot_stand_names_all_that_can(config, site) -> None:
    (sentence,) = config.problems(site)
    own = config.choice
    _, _, named = sentence.partition(f"; {own.kind}s that can: ")
    others = [config_from_json(own.kind, name) for name in named.split(", ")]
    able = {str(each) for each in choices(own.kind) if not refused(sentence, each.config(), site)}
    assert {other.choice.name for other in others} == able - {"crms"}


def refused(sentence: str, config: ChoiceConfig, site: Site) -> bool:
    """Whether a choice's own sentence ends as that one does."""
    end = sentence.partition("; ")[2]
    return any(other.endswith(end) for other in config.problems(site))


@pytest.mark.parametrize(
    ("fields", "named", "mended"),
    [
        ({"size": 5}, "sizes that do: 1, 2, 4, 8", {"size": 8}),
        ({"size": 4, "kernel": 2}, "use at least 4", {"kernel": 4}),
    ],
)
def test_patches_that_do_not_cut_an_image_name_those_that_do(fields, named, mended) -> None:
    given, config = ImageInput(channels=3, height=16, width=24), of("stem", "patches", **fields)
    (sentence,) = config.input_problems(given)
    assert sentence.endswith(f"; {named}")
    assert not list(replace(config, **mended).input_problems(given))
