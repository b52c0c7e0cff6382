"""Random points of every shipped space become models that run and learn, or are refused in sentences."""

import random
from dataclasses import replace

import pytest
import torch

from paretoformer.records.signature import ClassOutput, ImageInput, Signature
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.catalogue import load_space, space_names
from paretoformer.search_spaces.contract import auxiliary_loss
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.space import SearchSpace

IMAGES = [
    Signature(input=ImageInput(channels=1, height=side, width=side), output=ClassOutput(classes=3)) for side in (8, 32)
]
LARGE = 2_000_000
"""Parameters from which on a model is built and run without numbers."""
FULL = 10
"""One in so many points is taken of a space in the sizes of a paper."""


def run(space: SearchSpace, signature: Signature, seed: int, places) -> None:
    point = space.sample(random.Random(seed))
    reasons = space.explain(point, signature)
    if reasons:
        assert all(len(reason.split()) > 3 for reason in reasons)
        return
    architecture = space.decode(point).architecture
    large = count(architecture, signature).params >= LARGE
    device = torch.device("meta" if large else "cpu")
    with device:
        model = build(architecture, signature, seed=0).double()
    source = places.source_for(signature)
    source = source and replace(source, inputs=source.inputs.to(device))
    outputs = model.train()(places.inputs_for(signature).to(device), source=source)
    assert outputs.shape == places.output_shape(signature)
    loss = outputs.logsumexp(-1).mean()
    extra = auxiliary_loss(model)
    (loss if extra is None else loss + extra).backward()
    if not large:
        assert outputs.isfinite().all(), point
        gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
        assert gradients and all(gradient.isfinite().all() for gradient in gradients), point


def points(name: str, seeds: range, places) -> None:
    space = load_space(name)
    small = (each for each in (*IMAGES, *places.signatures.values()) if space.fits(each))
    signature = places.published.get(name) or next(small)
    for seed in seeds[:: FULL if name in places.published else 1]:
        run(space, signature, seed, places)


@pytest.mark.parametrize("name", space_names())
def test_points_of_a_shipped_space_run_forward_and_backward_or_are_refused(name: str, places) -> None:
    points(name, range(20), places)


@pytest.mark.slow
@pytest.mark.parametrize("name", space_names())
def test_a_hundred_points_of_a_shipped_space_run_forward_and_backward_or_are_refused(name: str, places) -> None:
    points(name, range(20, 120), places)
