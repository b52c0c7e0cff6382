"""Subjects small enough to be built and timed in milliseconds."""

from dataclasses import replace

import pytest

from paretoformer.hardware_models.alternation import Pace
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.reference import reference_for
from paretoformer.records.signature import ClassOutput, ImageInput, Signature, TokenInput, TokenOutput
from paretoformer.records.target import Workload
from paretoformer.search_spaces.architecture import Architecture

IMAGES = Signature(input=ImageInput(channels=1, height=8, width=8), output=ClassOutput(classes=10))
TEXT = Signature(input=TokenInput(vocabulary=32, length=24), output=TokenOutput(vocabulary=32))
LABELS = Signature(input=TokenInput(vocabulary=32, length=24), output=ClassOutput(classes=3))
QUICK = Pace(warmup_s=0.0, block_s=0.0005, window_s=0.005)


def subject(signature: Signature, *, width: int = 16, depth: int = 1) -> Subject:
    """A shrunken reference."""
    whole = reference_for(signature, Workload(kind="prefill", batch=1, length=1)).architecture
    stack = whole.stacks[0]
    small = replace(stack, width=width, blocks=stack.blocks[:1] * depth)
    return Subject(architecture=replace(whole, stacks=(small,)), signature=signature)


@pytest.fixture
def images() -> Signature:
    return IMAGES


@pytest.fixture
def text() -> Signature:
    return TEXT


@pytest.fixture
def labels() -> Signature:
    return LABELS


@pytest.fixture
def quick() -> Pace:
    return QUICK


@pytest.fixture
def image_subject() -> Subject:
    return subject(IMAGES)


@pytest.fixture
def text_subject() -> Subject:
    return subject(TEXT)


@pytest.fixture
def source_subject() -> Subject:
    """An encoder-decoder, whose task has a source."""
    bodies = {"mixer": "softmax", "cross": "softmax", "feedforward": "gelu"}
    roles = {"encoder": ("mixer", "feedforward"), "decoder": ("mixer", "cross", "feedforward")}
    stacks = [
        {
            "name": name,
            "width": 16,
            "position": "none",
            "blocks": [[{"role": role, "body": bodies[role], "norm": "layer"} for role in branches]],
        }
        for name, branches in roles.items()
    ]
    architecture = Architecture.from_json({"topology": "encoder-decoder", "stem": "tokens", "stacks": stacks})
    return Subject(architecture=architecture, signature=replace(TEXT, source=TEXT.input))


@pytest.fixture
def large_text_subject() -> Subject:
    return subject(TEXT, width=256, depth=6)
