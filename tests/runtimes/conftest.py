"""Small models of every kind of signature, and each runtime's phases of them, prepared once."""

import os
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch

from paretoformer.records.signature import (
    ClassOutput,
    DenseOutput,
    ImageInput,
    NumberOutput,
    SeriesInput,
    Signature,
    TokenInput,
    TokenOutput,
)
from paretoformer.records.target import Target, parse_target
from paretoformer.runtimes.base import Prepared
from paretoformer.runtimes.conversion.files import VARIABLE
from paretoformer.runtimes.registry import runtime
from paretoformer.search_spaces import registry
from paretoformer.search_spaces.architecture import Architecture

_TOKENS = TokenInput(vocabulary=11, length=24)
_IMAGE = ImageInput(channels=3, height=8, width=12)
SIGNATURES = {
    "text": Signature(input=_TOKENS, output=TokenOutput(vocabulary=11)),
    "text-class": Signature(input=_TOKENS, output=ClassOutput(classes=3)),
    "image": Signature(input=ImageInput(channels=3, height=16, width=16), output=ClassOutput(classes=3)),
    "series": Signature(input=SeriesInput(channels=3, length=24), output=NumberOutput(numbers=2)),
    "translation": Signature(
        input=_TOKENS, output=TokenOutput(vocabulary=11), source=TokenInput(vocabulary=11, length=6)
    ),
    "caption": Signature(input=_TOKENS, output=TokenOutput(vocabulary=11), source=_IMAGE),
    "views": Signature(input=_IMAGE, output=DenseOutput(channels=4), source=_IMAGE),
}
PLAIN = {"mixer": "softmax", "feedforward": "gelu", "norm": "layer", "position": "none", "exit": "none"}
STEMS, TOPOLOGIES = ("tokens", "frames", "patches"), ("decoder", "encoder", "encoder-decoder", "pyramid")


def assembled(**names: Any) -> Architecture:
    """One block a stack, of the choices named by kind, the rest plain."""
    made = {**PLAIN, **names}
    bodies = {"mixer": made["mixer"], "cross": "softmax", "feedforward": made["feedforward"]}
    roles = registry.config_from_json("topology", made["topology"]).roles
    stacks = [
        {
            "name": name,
            "width": 16,
            "position": "none" if role.branches == ("cross",) else made["position"],
            "exit": made["exit"],
            "blocks": [[{"role": branch, "body": bodies[branch], "norm": made["norm"]} for branch in role.branches]],
        }
        for name, role in roles.items()
    ]
    return Architecture.from_json({"topology": made["topology"], "stem": made["stem"], "stacks": stacks})


def smaller(kind: str, name: str) -> Iterator[Any]:
    """A choice as an architecture's JSON has it: its default, then with a whole number or all large ones halved, ever again."""
    yield name
    config = registry.config_from_json(kind, name)
    numbers = {field.name: getattr(config, field.name) for field in fields(config)}
    numbers = {field: value for field, value in numbers.items() if type(value) is int}
    for shift in range(1, 8):
        yield {"name": name, **{field: value >> shift for field, value in numbers.items() if value >= 16}}
        yield from ({"name": name, field: value >> shift} for field, value in numbers.items() if value >> shift)


@cache
def model_with(kind: str, name: str, decodes: bool = False) -> tuple[Architecture, Signature] | None:
    """The first valid small model that has the choice, or None; one that goes on with tokens where it is to decode."""
    topologies = dict.fromkeys([*TOPOLOGIES, *(choice.name for choice in registry.choices("topology"))])
    sizes = [name] if kind in ("topology", "stem") else list(smaller(kind, name))
    for size, topology, stem, signature in product(sizes, topologies, STEMS, SIGNATURES.values()):
        if kind in ("topology", "stem") and name not in (topology, stem):
            continue
        architecture = assembled(**{"topology": topology, "stem": stem, kind: size})
        if decodes and not (architecture.topology.decodes and isinstance(signature.output, TokenOutput)):
            continue
        if not architecture.problems(signature):
            return architecture, signature
    return None


ENCODER = (assembled(topology="encoder", stem="patches", mixer="pooling"), SIGNATURES["image"])
DECODER = (assembled(topology="decoder", stem="tokens"), SIGNATURES["text"])
LINEAR = (assembled(topology="decoder", stem="tokens", mixer="linear"), SIGNATURES["text"])
TRANSLATOR = (assembled(topology="encoder-decoder", stem="tokens"), SIGNATURES["translation"])
SERIES = (assembled(topology="encoder", stem="frames"), SIGNATURES["series"])


class Places:
    """What tests use of this file; a fixture, since test folders are no packages."""

    signatures = SIGNATURES
    encoder, decoder, linear, translator, series = ENCODER, DECODER, LINEAR, TRANSLATOR, SERIES
    model_with = staticmethod(model_with)


@pytest.fixture(scope="session")
def places() -> type[Places]:
    return Places


@pytest.fixture(scope="session", autouse=True)
def conversions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of this session's own."""
    folder, before = tmp_path_factory.mktemp("conversions"), os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(folder)
    yield folder
    os.environ.pop(VARIABLE)
    if before is not None:
        os.environ[VARIABLE] = before


Prepare = Callable[..., Prepared]


@pytest.fixture(scope="session")
def prepared() -> Prepare:
    """Phases by runtime, model, workload and precision, on a CPU's one thread; made once. Skips what is not installed."""

    @cache
    def prepare(name: str, model: tuple[Architecture, Signature], workload: str, precision: str = "fp32") -> Prepared:
        chosen, target = runtime(name), target_of(name, workload, precision)
        if problem := chosen.problem("cpu"):
            pytest.skip(problem)
        return chosen.prepare(*model, target, seed=0)

    return prepare


def target_of(name: str, workload: str, precision: str = "fp32") -> Target:
    return parse_target(f"cpu:{name}:{precision}:1:{workload}")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """The machine's cores belong to other tests too."""
    torch.set_num_threads(1)
