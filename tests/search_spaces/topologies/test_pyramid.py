"""Four stages on grids that shrink."""

from dataclasses import replace

import pytest
import torch

from paretoformer.records.signature import ClassOutput, ImageInput, Signature
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.registry import config_from_json

IMAGES = Signature(input=ImageInput(channels=3, height=22, width=16), output=ClassOutput(classes=3))


def pyramid(places, mixer="identity", widths=(8, 12, 16, 20), **fields):
    topology = config_from_json("topology", {"name": "pyramid", **fields})
    whole = places.assembled(
        topology=topology, stem=places.default("stem", "patches"), mixer=places.default("mixer", mixer)
    )
    stacks = tuple(replace(stack, width=width) for stack, width in zip(whole.stacks, widths, strict=True))
    return replace(whole, stacks=stacks)


@pytest.mark.parametrize(
    ("kernel", "grids"),
    [
        (3, [(11, 8), (6, 4), (3, 2), (2, 1)]),
        (1, [(11, 8), (6, 4), (3, 2), (2, 1)]),
        (2, [(11, 8), (5, 4), (2, 2), (1, 1)]),
    ],
)
def test_grids_are_halved_up_or_down(places, kernel, grids) -> None:
    architecture = pyramid(places, kernel=kernel)
    sites = architecture.topology.sites(architecture, IMAGES)
    assert [sites[f"stage{number}"].grid for number in (1, 2, 3, 4)] == grids
    model = build(architecture, IMAGES, seed=0)
    seen = []
    for stage in model.stages:
        stage.register_forward_hook(lambda module, inputs, output: seen.append(tuple(inputs[0].shape[1:])))
    model(torch.randn(2, 3, 22, 16))
    assert seen == [(rows * cells, width) for (rows, cells), width in zip(grids, (8, 12, 16, 20), strict=True)]


@pytest.mark.parametrize("kernel", [1, 2, 3])
@pytest.mark.parametrize("stage_norms", [True, False])
@pytest.mark.parametrize("head", ["norm-mean", "mean-norm"])
@pytest.mark.parametrize("norm_stem", [True, False])
def test_every_option_is_counted(places, kernel, stage_norms, head, norm_stem) -> None:
    architecture = pyramid(places, kernel=kernel, stage_norms=stage_norms, head=head, norm_stem=norm_stem)
    model = build(architecture, IMAGES, seed=0)
    assert count(architecture, IMAGES).params == sum(parameter.numel() for parameter in model.parameters())


def test_the_tokens_of_the_stem_are_normalised_before_the_first_stage(places) -> None:
    model = build(pyramid(places, norm_stem=True), IMAGES, seed=0).eval()
    seen = []
    model.stages[0].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    model(torch.randn(2, 3, 22, 16, generator=torch.Generator().manual_seed(0)))
    assert seen[0].mean(-1).abs().max() < 1e-5


def test_what_is_between_stages_is_a_convolution_of_the_image(places) -> None:
    model = build(pyramid(places), IMAGES, seed=0).double().eval()
    image = torch.randn(2, 3, 22, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    with torch.no_grad():
        expected = model.stages[0](model.stem(image))
        for number, grid in enumerate(model.grids[:3]):
            planes = expected.mT.reshape(2, -1, *grid)
            planes = model.between[number].convolution(planes.contiguous())
            expected = model.stages[number + 1](planes.flatten(2).mT)
        expected = model.head(expected.mean(1))
        torch.testing.assert_close(model(image), expected, rtol=0, atol=1e-12)


def test_a_grid_that_cannot_be_halved_is_refused(places) -> None:
    small = replace(IMAGES, input=ImageInput(channels=3, height=8, width=8))
    said = "topology pyramid halves a grid three times, and stem patches gives 4 x 4; use 8 x 8 or more"
    assert said in pyramid(places, kernel=2).problems(small)
    assert not pyramid(places, kernel=3).problems(small)
