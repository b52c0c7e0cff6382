"""Reference models: what every latency is timed beside. A change of one is a new version and a new calibration."""

from dataclasses import dataclass, replace
from math import gcd

from paretoformer.records.signature import (
    ClassOutput,
    DenseOutput,
    ImageInput,
    Input,
    SeriesInput,
    Signature,
    TokenInput,
)
from paretoformer.records.target import Workload
from paretoformer.search_spaces.architecture import Architecture, Branch, Stack
from paretoformer.search_spaces.contract import StemConfig
from paretoformer.search_spaces.feedforwards.gelu import GeluConfig
from paretoformer.search_spaces.mixers.softmax import SoftmaxConfig
from paretoformer.search_spaces.norms.layer import LayerConfig
from paretoformer.search_spaces.positions.sinusoidal import SinusoidalConfig
from paretoformer.search_spaces.registry import config_from_json
from paretoformer.search_spaces.stems.frames import FramesConfig
from paretoformer.search_spaces.stems.patches import PatchesConfig
from paretoformer.search_spaces.stems.tokens import TokensConfig

VERSION = 1
WIDTH, DEPTH, HEADS = 64, 4, 4
MOST_PATCHES = 49
_KINDS: dict[type, str] = {ImageInput: "image", SeriesInput: "series", TokenInput: "tokens"}


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A fixed, mid-size architecture of the subject's family; it is run on the subject's workload and on `signature`, that of
    the subject without its source, and with classes where that asks for numbers a pixel.
    """

    name: str
    version: int
    architecture: Architecture
    signature: Signature

    def __str__(self) -> str:
        return f"{self.name}-{self.version}"


def reference_for(signature: Signature, workload: Workload) -> Reference:
    """The reference of a family: an encoder on images, on series or on tokens, a decoder that prefills or decodes.

    Width 64, 4 blocks of softmax attention with 4 heads and a GELU feed-forward. Images are cut into the smallest patches
    that give at most 49 of them.
    """
    given = signature.input
    topology = "decoder" if signature.causal else "encoder"
    branches = tuple(
        Branch(role=role, body=body, norm=LayerConfig())
        for role, body in (("mixer", SoftmaxConfig(heads=HEADS)), ("feedforward", GeluConfig()))
    )
    stack = Stack(name=topology, width=WIDTH, position=SinusoidalConfig(), blocks=(branches,) * DEPTH)
    architecture = Architecture(
        topology=config_from_json("topology", topology),
        stem=_stem(given),
        stacks=(stack,),
    )
    family = f"{topology}-{_KINDS[type(given)]}-{workload.kind}"
    asked = signature.output
    output = ClassOutput(classes=asked.channels) if isinstance(asked, DenseOutput) else asked
    alone = replace(signature, source=None, output=output)
    return Reference(name=family, version=VERSION, architecture=architecture, signature=alone)


def _stem(given: Input) -> StemConfig:
    if isinstance(given, ImageInput):
        return PatchesConfig(size=_patch_size(given))
    return FramesConfig() if isinstance(given, SeriesInput) else TokensConfig()


def _patch_size(given: ImageInput) -> int:
    """The smallest common divisor of both sides that makes few enough patches, else the largest."""
    divisor = gcd(given.height, given.width)
    sizes = [size for size in range(1, divisor + 1) if divisor % size == 0]
    return next((size for size in sizes if given.height * given.width // size**2 <= MOST_PATCHES), divisor)
