"""Words inside sentences."""

from dataclasses import replace

import pytest
import torch

from paretoformer.records.signature import ClassOutput, ImageInput, Signature
from paretoformer.search_spaces.architecture import Architecture, Branch, Stack
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.registry import config_from_json

IMAGES = Signature(input=ImageInput(channels=3, height=16, width=24), output=ClassOutput(classes=3))


def nested(inner=1, outer=2, position="none", **fields) -> Architecture:
    branches = tuple(
        Branch(
            role=role,
            body=config_from_json(role, {"mixer": "softmax", "feedforward": "gelu"}[role]),
            norm=config_from_json("norm", "layer"),
        )
        for role in ("mixer", "feedforward")
    )
    stacks = tuple(
        Stack(name=name, width=width, position=config_from_json("position", position), blocks=(branches,) * depth)
        for name, width, depth in (("inner", 8, inner), ("outer", 16, outer))
    )
    topology = config_from_json("topology", {"name": "nested", "words": 2, **fields})
    return Architecture(topology=topology, stem=config_from_json("stem", "patches"), stacks=stacks)


def images(batch=2) -> torch.Tensor:
    return torch.randn(batch, 3, 16, 24, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_without_injections_the_words_are_not_told() -> None:
    model = build(nested(), IMAGES, seed=0).double().eval()
    with torch.no_grad():
        for injection in model.injections:
            injection.weight.zero_()
            injection.bias.zero_()
        one, other = model(images()), model(images().flip(0))
    torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


@pytest.mark.parametrize("sentences", ["zero", "words"])
def test_sentences_that_change_places_give_the_same_class_without_positions(sentences) -> None:
    model = build(nested(sentences=sentences), IMAGES, seed=0).double().eval()
    image = images()
    swapped = image.clone()
    swapped[:, :, :4, :4], swapped[:, :, 8:12, 12:16] = image[:, :, 8:12, 12:16], image[:, :, :4, :4]
    with torch.no_grad():
        torch.testing.assert_close(model(swapped), model(image), rtol=0, atol=1e-10)
        moved = model(image.roll(2, dims=-1))
    assert not torch.allclose(moved, model(image))


def test_words_are_the_pixels_of_their_own_sentence() -> None:
    model = build(nested(position="learned"), IMAGES, seed=0).double().eval()
    words = model._grouped(torch.arange(8 * 12, dtype=torch.float64).view(1, -1, 1))[..., 0]
    assert words[0].tolist() == [0.0, 1.0, 12.0, 13.0]
    assert words[1].tolist() == [2.0, 3.0, 14.0, 15.0]
    assert words[6].tolist() == [24.0, 25.0, 36.0, 37.0]


@pytest.mark.parametrize("injection", ["linear", "normed"])
@pytest.mark.parametrize("sentences", ["zero", "words"])
@pytest.mark.parametrize("summary", ["token", "mean"])
def test_every_option_is_counted(injection, sentences, summary) -> None:
    architecture = nested(injection=injection, sentences=sentences, summary=summary)
    model = build(architecture, IMAGES, seed=0)
    assert count(architecture, IMAGES).params == sum(parameter.numel() for parameter in model.parameters())


def test_an_inner_block_a_second_outer_one_is_where_the_inner_stack_is_half_as_deep() -> None:
    model = build(nested(inner=2, outer=4), IMAGES, seed=0)
    assert (len(model.injections), model.step) == (2, 2)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            nested(inner=2, outer=3),
            "2 inner blocks do not divide the outer ones, and there are 3; depths that do: 1, 3",
        ),
        (
            nested(words=5),
            "topology nested has sentences of 5 x 5 words, and they do not tile 8 x 12; words that do: 1, 2, 4",
        ),
    ],
)
def test_what_does_not_fit_together_is_said(wrong, sentence) -> None:
    assert sentence in wrong.problems(IMAGES)


def test_a_stack_that_loops_is_refused() -> None:
    whole = nested()
    looped = replace(whole, stacks=(whole.stacks[0], replace(whole.stacks[1], loops=2)))
    assert "stack outer loops, and topology nested runs each block once; use loops 1" in looped.problems(IMAGES)
